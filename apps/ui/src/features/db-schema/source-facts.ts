import type { DbSchema } from './db-schema.api.js';

export interface SourceFact {
  readonly label: string;
  readonly value: string;
}

/** Where a schema's changelog is, and how its paths are read: only what is set. */
export function sourceFacts({ changelog }: Pick<DbSchema, 'changelog'>): readonly SourceFact[] {
  const facts: readonly SourceFact[] = [
    { label: 'changelog', value: changelog?.location ?? '' },
    { label: 'search path', value: changelog?.searchPath?.join(', ') ?? '' },
    { label: 'file prefix', value: changelog?.filePrefix ?? '' },
  ];
  return facts.filter(({ value }) => value !== '');
}
