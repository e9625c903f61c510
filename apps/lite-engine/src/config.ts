import { z } from 'zod';
import { parseEnvironment, type Environment } from '@sluice/config';
import { liteEngineIdentity, type LiteEngineIdentity } from '@sluice/runner-rpc';

const identitySchema = z.object({
  LITE_ENGINE_LISTEN: z.string(),
  LITE_ENGINE_TLS_CA_FILE: z.string(),
  LITE_ENGINE_TLS_CERT_FILE: z.string(),
  LITE_ENGINE_TLS_KEY_FILE: z.string(),
  LITE_ENGINE_POD_ID: z.string(),
  LITE_ENGINE_POD_DIR: z.string(),
});

/** Who this process is, when it was not started parked. */
export function identityFromEnvironment(env: Environment): LiteEngineIdentity {
  const parsed = parseEnvironment('lite-engine', identitySchema, env);
  return liteEngineIdentity.parse({
    listen: parsed.LITE_ENGINE_LISTEN,
    tls: {
      ca: parsed.LITE_ENGINE_TLS_CA_FILE,
      cert: parsed.LITE_ENGINE_TLS_CERT_FILE,
      key: parsed.LITE_ENGINE_TLS_KEY_FILE,
    },
    podId: parsed.LITE_ENGINE_POD_ID,
    podDir: parsed.LITE_ENGINE_POD_DIR,
  });
}
