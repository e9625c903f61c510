import { z } from 'zod';

const claims = z.object({ exp: z.number() });

/** When a token ends, in milliseconds since 1970, as it says itself; undefined when it does not say. The delegate cannot check it and need not. */
export function expiryOf(token: string): number | undefined {
  try {
    const parsed = claims.safeParse(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
    return parsed.success ? parsed.data.exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
