import { Injectable } from '@nestjs/common';
import { secretExpressionsOf, type TestGitTask } from '@sluice/delegate-protocol';
import { credentialsOf } from '../git/git-credentials.js';
import { GitMirror } from '../git/git-mirror.js';
import type { TaskContext, TaskHandler } from '../task/task-handler.js';

/** Proves that the repository answers with these credentials, and that the branch exists if one is named. */
@Injectable()
export class TestGitHandler implements TaskHandler<'test-git'> {
  constructor(private readonly mirror: GitMirror) {}

  async run(task: TestGitTask, context: TaskContext): Promise<{ status: 'succeeded' }> {
    const values = await context.secrets(secretExpressionsOf(task));
    await this.mirror.probe({ source: task.source, credentials: credentialsOf(task.source, values), traceparent: context.traceparent, signal: context.signal });
    return { status: 'succeeded' };
  }
}
