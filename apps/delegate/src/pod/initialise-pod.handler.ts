import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import {
  secretExpressionsOf,
  type GitSource,
  type InitialisePodTask,
  type TaskFailure,
} from '@sluice/delegate-protocol';
import { messageOf } from '@sluice/kernel';
import { SecretMasker } from '@sluice/secret-masking';
import { maskedBy } from '../connectivity/task-secrets.js';
import { credentialsOf, secretsIn } from '../git/git-credentials.js';
import { SourceTree } from '../git/source-tree.js';
import { writeStepSecrets } from '../secrets/step-secret-files.js';
import type { TaskContext, TaskHandler } from '../task/task-handler.js';
import { PodLog } from './pod-log.js';
import { POD_RUNTIME, PodStartError, type Pod, type PodRuntime } from './pod-runtime.js';

type Values = ReadonlyMap<string, string>;
type Outcome = { status: 'succeeded'; commits: Record<string, string>; podAddress: string } | TaskFailure;

const ATTEMPTS = 3;
/** How often the log says what is still starting. */
const PROGRESS_MS = 10_000;

/** Makes the pod of a step group: processes, sources and secrets side by side, since none needs the other. */
@Injectable()
export class InitialisePodHandler implements TaskHandler<'initialise-pod'> {
  constructor(
    @Inject(POD_RUNTIME) private readonly runtime: PodRuntime,
    private readonly trees: SourceTree,
  ) {}

  async run(task: InitialisePodTask, context: TaskContext): Promise<Outcome> {
    const log = new PodLog(task.logKey, context.log);
    const onAbort = (): void => void this.runtime.destroy(task.podId);
    context.signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.make(task, context, log);
    } catch (cause) {
      log.error(messageOf(context.signal.aborted ? context.signal.reason : cause));
      if (!context.signal.aborted) await log.close();
      await this.runtime.destroy(task.podId);
      throw cause;
    } finally {
      context.signal.removeEventListener('abort', onAbort);
    }
  }

  /** Nothing has run in a pod whose processes ended while they started, so another one is made, a few times. */
  private async make(task: InitialisePodTask, context: TaskContext, log: PodLog): Promise<Outcome> {
    log.info(`Preparing a pod for ${task.steps.length} step${task.steps.length === 1 ? '' : 's'}`);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(task, context, log);
      } catch (cause) {
        if (!(cause instanceof PodStartError) || attempt >= ATTEMPTS || context.signal.aborted) throw cause;
        log.warn(
          `The pod did not start: ${messageOf(cause)}; nothing has run in it, and another one is made (${attempt + 1} of ${ATTEMPTS})`,
        );
      }
    }
  }

  private async attempt(task: InitialisePodTask, context: TaskContext, log: PodLog): Promise<Outcome> {
    // Also that of an earlier lease: nothing has run in it, and this log has its lines.
    await this.runtime.destroy(task.podId, 'drop');
    const stepExecutionIds = task.steps.map(({ stepExecutionId }) => stepExecutionId);
    const pod = await this.runtime.create({
      podId: task.podId,
      stepExecutionIds,
      logs: task.logs,
      traceparent: context.traceparent,
      tell: (text) => log.warn(text),
    });
    log.attach(pod);
    const since = Date.now();
    let areSecretsMissing = true;
    const progress = setInterval(() => {
      const missing = [...pod.waitingFor(), ...(areSecretsMissing ? ['the secrets of its steps'] : [])];
      if (missing.length > 0)
        log.info(`Still starting after ${Math.round((Date.now() - since) / 1000)} s: ${missing.join(', ')}`);
    }, PROGRESS_MS);
    try {
      const [commits] = await Promise.all([
        this.provide(task, pod, context, log, () => (areSecretsMissing = false)),
        pod.ready,
      ]);
      context.signal.throwIfAborted();
      log.info(`The pod is ready (${pod.address})`);
      // The log follows on its own: nobody has to wait for it.
      void log.close();
      return { status: 'succeeded', commits, podAddress: pod.address };
    } finally {
      clearInterval(progress);
    }
  }

  /** @returns the commit of each source */
  private async provide(
    task: InitialisePodTask,
    pod: Pod,
    context: TaskContext,
    log: PodLog,
    secretsCame: () => void,
  ): Promise<Record<string, string>> {
    const secrets = context.secrets(secretExpressionsOf(task));
    secrets.then(secretsCame, () => undefined);
    const [commits] = await Promise.all([
      // A repository that asks for no credentials need not wait for the steps' secrets.
      Promise.all(
        task.sources.map(async (source) =>
          this.fetch(source, task, pod, context, isOpen(source) ? NO_VALUES : await secrets, log),
        ),
      ),
      secrets.then((values) =>
        Promise.all(
          task.steps.map((step) => writeStepSecrets(pod.directory, step.stepExecutionId, step.secrets, values)),
        ),
      ),
    ]);
    return Object.fromEntries(commits);
  }

  private async fetch(
    source: GitSource,
    task: InitialisePodTask,
    pod: Pod,
    context: TaskContext,
    values: Values,
    log: PodLog,
  ): Promise<[string, string]> {
    const { traceparent, signal } = context;
    const credentials = credentialsOf(source, values);
    // A server may put into its answer what it was sent.
    const masker = new SecretMasker(secretsIn(credentials));
    const tree = await this.trees
      .checkOut({ source, credentials, traceparent, signal }, join(pod.directory, 'sources', source.name))
      .catch((cause: unknown) => {
        throw maskedBy(masker, cause);
      });
    const { fetched } = tree;
    for (const note of fetched.notes) log.warn(masker.mask(note));
    log.info(`Fetched ${fetched.shown}: commit ${fetched.commit}`);
    for (const link of tree.leftOut) log.warn(`Left out the symbolic link ${link}: it leads out of the repository`);
    for (const submodule of tree.submodules)
      log.warn(`Left out the submodule ${submodule}: only files of the repository itself are fetched`);
    const paths = new Set(
      task.steps.flatMap(({ changelogPaths }) =>
        changelogPaths.filter((one) => one.source === source.name).map(({ path }) => path),
      ),
    );
    for (const path of paths) await this.trees.requireFile(tree, path);
    return [source.name, fetched.commit];
  }
}

const NO_VALUES: Values = new Map();

function isOpen(source: GitSource): boolean {
  return (
    source.usernameExpression === undefined &&
    source.passwordExpression === undefined &&
    source.sshKeyExpression === undefined
  );
}
