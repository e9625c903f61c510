import type { DbSchema } from './db-schema.api.js';

export interface SourceFact {
  readonly label: string;
  readonly value: string;
}

/** Where a schema's changelog is, how its paths are read, and what the schema is filed under: only what is set. */
export function sourceFacts({ changelog, service }: Pick<DbSchema, 'changelog' | 'service'>): readonly SourceFact[] {
  const facts: readonly SourceFact[] = [
    { label: 'changelog', value: changelog?.location ?? '' },
    { label: 'search path', value: changelog?.searchPath?.join(', ') ?? '' },
    { label: 'file prefix', value: changelog?.filePrefix ?? '' },
    { label: 'service', value: service ?? '' },
  ];
  return facts.filter(({ value }) => value !== '');
}
