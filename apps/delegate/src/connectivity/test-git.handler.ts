import { Injectable } from '@nestjs/common';
import type { TestGitTask } from '@sluice/delegate-protocol';
import { credentialsOf } from '../git/git-credentials.js';
import { GitMirror } from '../git/git-mirror.js';
import type { TaskContext, TaskHandler } from '../task/task-handler.js';
import { withSecrets } from './task-secrets.js';

/** Proves that the repository answers with these credentials, and that the branch exists if one is named. */
@Injectable()
export class TestGitHandler implements TaskHandler<'test-git'> {
  constructor(private readonly mirror: GitMirror) {}

  async run(task: TestGitTask, context: TaskContext): Promise<{ status: 'succeeded' }> {
    await withSecrets(task, context, (values) =>
      this.mirror.probe({
        source: task.source,
        credentials: credentialsOf(task.source, values),
        traceparent: context.traceparent,
        signal: context.signal,
      }),
    );
    return { status: 'succeeded' };
  }
}
