import { readFileSync } from 'node:fs';
import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Parses an app's environment once. All problems appear in one message, by variable name, so that a person mends them in one go.
 * @throws Error `<app>: bad configuration …`
 */
export function parseEnvironment<S extends z.ZodType>(app: string, schema: S, env: Environment): Readonly<z.output<S>> {
  const parsed = schema.safeParse(env);
  if (parsed.success) return Object.freeze(parsed.data);
  throw new Error(`${app}: bad configuration\n${z.prettifyError(parsed.error)}`);
}

/** A variable that holds the path of a file with a secret; the parsed value is the file's trimmed content. Secrets never travel in variables. */
export function secretFile(): z.ZodType<string, string> {
  return z
    .string()
    .min(1)
    .transform((path, issue) => {
      try {
        const content = readFileSync(path, 'utf8').trim();
        if (content !== '') return content;
        issue.addIssue({ code: 'custom', message: `file ${path} is empty` });
      } catch (cause) {
        issue.addIssue({
          code: 'custom',
          message: `file ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        });
      }
      return z.NEVER;
    });
}

const shared = z.object({ EVENT_LOOP_DELAY_LIMIT_MS: z.coerce.number().int().min(50).max(600_000).default(10_000) });

/** `EVENT_LOOP_DELAY_LIMIT_MS`, the same for every service: how long its event loop may stand still before it is not ready. @throws Error naming it when it is no such number */
export function eventLoopDelayLimitMs(app: string, env: Environment): number {
  return parseEnvironment(app, shared, env).EVENT_LOOP_DELAY_LIMIT_MS;
}
