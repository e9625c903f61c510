import { isUtf8 } from 'node:buffer';
import { assertNever, type Principal } from '@sluice/kernel';
import type { Secret, SecretBody, SecretResponse } from '@sluice/ng-manager-api';
import type { StoredSecretBody } from './secret.entity.js';
import type { SecretRow, StoredSecret } from './secret.repository.js';

/** What is stored of a secret in the clear. @param reference path in the external manager, for a text of value type Reference */
export function storedSecretOf(secret: Secret, reference: string | null): StoredSecret {
  return {
    name: secret.name,
    description: secret.description ?? null,
    tags: secret.tags ?? {},
    ...storedBodyOf(secret, reference),
  };
}

function storedBodyOf(secret: SecretBody, reference: string | null): StoredSecretBody {
  switch (secret.type) {
    case 'SecretText': {
      const { value: _, ...spec } = secret.spec;
      return { type: secret.type, spec: { ...spec, ...(spec.valueType === 'Reference' ? { reference } : {}) } };
    }
    case 'SecretFile':
      return { type: secret.type, spec: secret.spec };
    case 'SSHKey':
      return { type: secret.type, spec: secret.spec };
    default:
      return assertNever(secret);
  }
}

/** Text and file secrets hold a value of their own; references point elsewhere and SSH keys are made of other secrets. */
export function holdsValue(body: StoredSecretBody): boolean {
  return body.type === 'SecretFile' || (body.type === 'SecretText' && body.spec.valueType === 'Inline');
}

/** A draft waits for its value. */
export function isDraft(row: SecretRow): boolean {
  return holdsValue(row) && row.keyVersion === null;
}

/** A private secret is there for its owner only. */
export function isThereFor({ ownerId }: Pick<SecretRow, 'ownerId'>, { id }: Pick<Principal, 'id'>): boolean {
  return ownerId === null || ownerId === id;
}

/** As clients see it: never with an inline value. */
export function presentSecret(row: SecretRow): SecretResponse {
  const { name, identifier, orgId, projectId, tags, description, createdAt, updatedAt } = row;
  return {
    secret: {
      ...shownBodyOf(row),
      name,
      identifier,
      orgIdentifier: orgId,
      projectIdentifier: projectId,
      tags,
      description: description ?? '',
    },
    createdAt: createdAt.getTime(),
    updatedAt: updatedAt.getTime(),
    draft: isDraft(row),
    governanceMetadata: null,
  };
}

function shownBodyOf(body: StoredSecretBody): SecretBody {
  switch (body.type) {
    case 'SecretText': {
      const { reference, secretManagerIdentifier, valueType, additionalMetadata } = body.spec;
      const value = valueType === 'Reference' ? (reference ?? null) : null;
      return {
        type: body.type,
        spec: {
          secretManagerIdentifier,
          valueType,
          value,
          ...(additionalMetadata === undefined ? {} : { additionalMetadata }),
        },
      };
    }
    case 'SecretFile':
      return { type: body.type, spec: body.spec };
    case 'SSHKey':
      return { type: body.type, spec: body.spec };
    default:
      return assertNever(body);
  }
}

/** A value as steps and connectors get it: text as it is; a file that is no text in base64. */
export function valueAsText({ type }: Pick<StoredSecretBody, 'type'>, value: Buffer): string {
  return type === 'SecretFile' && (!isUtf8(value) || value.includes(0)) ? value.toString('base64') : value.toString();
}
