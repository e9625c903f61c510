import { AppError, messageOf } from '@sluice/kernel';
import { secretIn as secretField, type Secret } from '@sluice/ng-manager-api';
import { parseYaml } from '@sluice/pipeline-engine';
import { z } from 'zod';

const document = z.object({ secret: secretField });

/** The secret in a YAML document with root `secret`. @throws AppError INVALID_YAML_ERROR, INVALID_REQUEST naming each field */
export function secretFromYaml(text: string): Secret {
  return secretIn(yamlOf(text), 'document');
}

/** The secret in the JSON text of a form's `spec`. @throws AppError INVALID_REQUEST naming each field */
export function secretFromSpec(text: string): Secret {
  return secretIn(jsonOf(text), 'spec');
}

function secretIn(value: unknown, what: string): Secret {
  const parsed = document.safeParse(value);
  if (parsed.success) return parsed.data.secret;
  const fields = parsed.error.issues
    .slice(0, 20)
    .map((issue) => ({ field: issue.path.join('.') || what, error: issue.message }));
  throw new AppError(
    'INVALID_REQUEST',
    `invalid ${what}: ${fields.map(({ field, error }) => `${field}: ${error}`).join('; ')}`,
    { fields },
  );
}

function yamlOf(text: string): unknown {
  try {
    return parseYaml(text, 'the document').value;
  } catch (cause) {
    // The parser may quote the document, which holds a value; only the line goes on.
    const line = /line \d+/.exec(messageOf(cause))?.[0];
    throw new AppError(
      'INVALID_YAML_ERROR',
      `the document is not readable YAML${line ? ` (${line})` : ''}; check indentation, quotes and brackets, and write no aliases`,
    );
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new AppError('INVALID_REQUEST', 'spec is not JSON; send {"secret":{…}} as text', {
      fields: [{ field: 'spec', error: 'is not JSON' }],
    });
  }
}
