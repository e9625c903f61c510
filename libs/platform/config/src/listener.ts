import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import { parseEnvironment, secretFile, type Environment } from './environment.js';

/**
 * How what comes to a listener from other machines is kept from others on the way: a proxy in front ends TLS, or the listener speaks TLS itself. A listener
 * without either stays on loopback.
 */
export type ListenerSecurity =
  | { readonly kind: 'behindProxy' }
  /** PEM texts: the certificate with those that lead to its authority, and its key. */
  | { readonly kind: 'tls'; readonly cert: string; readonly key: string };

/**
 * Reads `<PREFIX>_TLS_CERT_FILE` and `<PREFIX>_TLS_KEY_FILE`, or `<PREFIX>_TLS_TERMINATED_BY_PROXY=true`.
 * @param hosts addresses the app listens at
 * @throws Error when certificate and key do not fit, or when an address beyond loopback has neither of the two
 */
export function listenerSecurity(
  app: string,
  prefix: string,
  hosts: readonly string[],
  env: Environment,
): ListenerSecurity | undefined {
  const [cert, key, proxy] = [
    `${prefix}_TLS_CERT_FILE`,
    `${prefix}_TLS_KEY_FILE`,
    `${prefix}_TLS_TERMINATED_BY_PROXY`,
  ] as const;
  const schema = z
    .object({
      [cert]: secretFile().optional(),
      [key]: secretFile().optional(),
      [proxy]: z.enum(['true', 'false']).optional(),
    })
    .transform((given, issue): ListenerSecurity | undefined => {
      const refuse = (name: string, message: string): never => {
        issue.addIssue({ code: 'custom', path: [name], message });
        return z.NEVER;
      };
      const tls = { cert: given[cert], key: given[key] };
      if (tls.cert === undefined && tls.key === undefined)
        return given[proxy] === 'true' ? { kind: 'behindProxy' } : undefined;
      if (tls.cert === undefined || tls.key === undefined)
        return refuse(tls.cert === undefined ? cert : key, `is missing: ${cert} and ${key} belong together`);
      if (given[proxy] === 'true')
        return refuse(
          proxy,
          `is true although ${cert} is given; choose who ends TLS, this service or a proxy in front`,
        );
      const problem = problemOfPair(tls.cert, tls.key);
      return problem === undefined
        ? { kind: 'tls', cert: tls.cert, key: tls.key }
        : refuse(cert, `does not fit ${key}: ${problem}`);
    });
  const security = parseEnvironment(app, schema, env);
  for (const host of hosts)
    assertMayListen(
      host,
      security,
      `set ${cert} and ${key}, or ${proxy}=true when a proxy in front ends TLS and nothing else can reach this address`,
    );
  return security;
}

/** @throws Error when keys and tokens would cross a network in clear */
export function assertMayListen(
  host: string,
  security: ListenerSecurity | undefined,
  remedy = 'give it a certificate, or say that a proxy in front ends TLS',
): void {
  if (security !== undefined || isLoopback(host)) return;
  throw new Error(
    `${host} can be reached from other machines, and API keys and tokens would travel in clear: ${remedy}`,
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function problemOfPair(cert: string, key: string): string | undefined {
  try {
    createSecureContext({ cert, key });
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
