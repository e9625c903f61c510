import { AppError } from '@sluice/kernel';
import type { PipelineSays } from './pipeline.service.js';

/**
 * What a `/v1` body says besides its YAML; an empty description is said too.
 * @param inPath identifier the path names; the body must name the same @throws AppError INVALID_REQUEST
 */
export function saysOf({ identifier, name, description, tags }: PipelineSays, inPath = identifier): PipelineSays {
  if (identifier !== inPath) {
    throw new AppError(
      'INVALID_REQUEST',
      `the body names "${identifier}", the path "${inPath}"; identifiers cannot be changed, make both the same`,
      { fields: [{ field: 'identifier', error: `must be "${inPath}"` }] },
    );
  }
  return { identifier, name, description, tags };
}
