import type { PlanOutline } from '@sluice/pipeline-engine';

/** By the names clients know from deployments. */
export interface FiledUnder {
  readonly serviceIdentifiers: readonly string[];
  readonly envIdentifiers: readonly string[];
  readonly infrastructureIdentifiers: readonly string[];
}

/** What the stages of a run are filed under, each once; undefined when that is nothing. Pure. */
export function filedUnder(plan: PlanOutline): FiledUnder | undefined {
  const filed = plan.stageIds.flatMap((id) => plan.nodes[id]?.filedUnder ?? []);
  if (filed.length === 0) return undefined;
  const each = (names: readonly (string | undefined)[]): string[] => [...new Set(names.flatMap((name) => name ?? []))];
  return {
    serviceIdentifiers: each(filed.map(({ service }) => service)),
    envIdentifiers: each(filed.map(({ environment }) => environment)),
    infrastructureIdentifiers: each(filed.flatMap(({ infrastructures }) => infrastructures ?? [])),
  };
}

/** The same as one list of texts, for a column that is searched: `service shop`, `environment org.prod`, `infrastructure cluster`. */
export function filingTerms({ serviceIdentifiers, envIdentifiers, infrastructureIdentifiers }: Partial<FiledUnder>): {
  readonly services: string[];
  readonly environments: string[];
  readonly infrastructures: string[];
} {
  const named = (kind: string, names: readonly string[] | undefined): string[] =>
    (names ?? []).map((name) => `${kind} ${name}`);
  return {
    services: named('service', serviceIdentifiers),
    environments: named('environment', envIdentifiers),
    infrastructures: named('infrastructure', infrastructureIdentifiers),
  };
}
