import { readFile } from 'node:fs/promises';
import { ROLE_NAMES, messageOf } from '@sluice/kernel';
import { z } from 'zod';

const bootstrapFile = z.object({
  accounts: z.array(
    z.object({
      identifier: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
      name: z.string().min(1).max(128),
      users: z
        .array(
          z.object({
            email: z.email(),
            name: z.string().min(1).max(128),
            role: z.enum(ROLE_NAMES),
            apiKey: z.string().min(1).max(512),
          }),
        )
        .default([]),
    }),
  ),
  delegateTokens: z
    .array(z.object({ account: z.string(), name: z.string().min(1).max(128), value: z.string().min(1).max(512) }))
    .default([]),
});
/** What a fresh installation starts with (`NG_MANAGER_BOOTSTRAP_FILE`). */
export type BootstrapFile = z.output<typeof bootstrapFile>;

/**
 * Undefined when the file does not exist: it is removed after the first start, because it holds keys.
 * @throws Error naming file and field; never a value
 */
export async function readBootstrapFile(path: string): Promise<BootstrapFile | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new Error(`bootstrap file ${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
  if (text === undefined) return undefined;
  const json = parseJson(text);
  if (json === undefined) throw new Error(`bootstrap file ${path} is not JSON`);
  const parsed = bootstrapFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`bootstrap file ${path} is not valid: ${fields.join('; ')}`);
}

/** Undefined for what is no JSON. The parser's own error quotes the text, which holds keys, so it goes no further. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
