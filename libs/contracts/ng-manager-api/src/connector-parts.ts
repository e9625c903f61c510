import { entityRef } from '@sluice/api-conventions';
import { z } from 'zod';

/** What the specs of connectors are made of. */
export const text = z.string().max(1024);
export const url = z.string().min(1).max(2048);
export const selectors = z.array(z.string().min(1).max(128)).max(64).nullish();
export const delegate = { delegateSelectors: selectors, executeOnDelegate: z.boolean().nullish() };
export const secretRef = entityRef;
/** Some clients send an optional reference that is not set as an empty text. */
export const optionalRef = z
  .union([entityRef, z.literal('')], { error: 'must be "id", "org.id" or "account.id" of a secret' })
  .nullish();
export const username = { username: text.nullish(), usernameRef: optionalRef };
export const usernamePassword = z.object({ ...username, passwordRef: optionalRef });

/** `connector.spec.auth.type: "Token" is not supported; use one of …`: what was sent is named, since it is the name of a variant and no secret. */
export function variants<const Options extends Parameters<typeof z.discriminatedUnion>[1]>(
  options: Options,
  what: string,
) {
  const names = options.map((option) => [...(option._zod.propValues?.['type'] ?? [])].join(', ')).join(', ');
  return z.discriminatedUnion('type', options, {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? `${what} ${sentType(issue.input)} is not supported; use one of ${names}`
        : undefined,
  });
}

export function sentType(value: unknown): string {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
  return typeof type === 'string' ? `"${type.slice(0, 64)}"` : 'without a type';
}

export const variant = <const Name extends string, Spec extends z.ZodType>(name: Name, spec: Spec) =>
  z.object({ type: z.literal(name), spec });
export const anonymous = variant('Anonymous', z.object({}).nullish());
export const byPassword = variant('UsernamePassword', usernamePassword);
