import { z } from 'zod';

/**
 * How a pod's two kinds of process are told who they are. Started with `--parked` they load everything, print the line `parked`,
 * wait for one of these as one JSON line on standard input, listen, and print the line `listening`. Other lines on
 * standard output are their JSON log. They stop when their standard input ends.
 */
const endpoint = {
  /** `host:port` to listen on. */
  listen: z.string().regex(/^.+:\d{1,5}$/),
  /** PEM files. The certificate's common name is the process's entry of {@link POD_PEERS}. */
  tls: z.strictObject({ ca: z.string(), cert: z.string(), key: z.string() }),
};

export const liteEngineIdentity = z.strictObject({
  ...endpoint,
  podId: z.string().min(1),
  /**
   * The pod's private directory. `sources/<name>` holds the checked-out trees, `secrets/<stepExecutionId>/<slot>` the secrets (0600);
   * the engine writes `steps/<stepExecutionId>.jsonl` and, once a step has ended, `steps/<stepExecutionId>.result.json`.
   */
  podDir: z.string().min(1),
});
export type LiteEngineIdentity = z.infer<typeof liteEngineIdentity>;

export const stepRunnerIdentity = z.strictObject(endpoint);
export type StepRunnerIdentity = z.infer<typeof stepRunnerIdentity>;

/** Lines the delegate waits for on the standard output of a process it starts. */
export const PROCESS_STATES = { parked: 'parked', listening: 'listening' } as const;
