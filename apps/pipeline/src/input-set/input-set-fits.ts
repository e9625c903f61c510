import type { ProjectScope } from '@sluice/kernel';
import type { Problem } from '@sluice/pipeline-engine';
import type { Documents } from '../documents/documents.js';
import type { Pipeline } from '../pipeline/pipeline.repository.js';
import type { InputSet } from './input-set.repository.js';

const MOST_KNOWN = 20_000;

/**
 * How input sets fit their pipelines, remembered by the versions of both: a list asks it of every set on a page, and reading a set's YAML costs more than
 * reading its row. Holds the latest answers; what is not there is worked out again.
 */
export class InputSetFits {
  private readonly known = new Map<string, readonly Problem[]>();

  constructor(private readonly faultsOf: Documents['faults']) {}

  /** @returns by identifier of the set: what of it does not fit this pipeline as it is now */
  async forPipeline(
    scope: ProjectScope,
    pipeline: Pipeline,
    sets: readonly InputSet[],
  ): Promise<ReadonlyMap<string, readonly Problem[]>> {
    const place = [scope.accountId, scope.orgId, scope.projectId, pipeline.identifier, stampOf(pipeline)].join('/');
    const asked = sets.map((set) => ({ set, key: `${place}/${set.identifier}/${stampOf(set)}` }));
    const found = new Map(
      asked.flatMap(({ set, key }) => {
        const known = this.known.get(key);
        return known ? [[set.identifier, known] as const] : [];
      }),
    );
    const open = asked.filter(({ set }) => !found.has(set.identifier));
    const worked =
      open.length === 0
        ? []
        : await this.faultsOf(
            scope.accountId,
            pipeline.yaml,
            open.map(({ set }) => set.yaml),
          );
    for (const [index, { set, key }] of open.entries()) {
      const faults = worked[index] ?? [];
      this.remember(key, faults);
      found.set(set.identifier, faults);
    }
    return found;
  }

  private remember(key: string, faults: readonly Problem[]): void {
    const [oldest] = this.known.size >= MOST_KNOWN ? this.known.keys() : [];
    if (oldest !== undefined) this.known.delete(oldest);
    this.known.set(key, faults);
  }
}

/** Version and time together: what was deleted and made again begins with version 1 once more. */
function stampOf({ version, updatedAt }: { readonly version: number; readonly updatedAt: number }): string {
  return `${version}-${updatedAt}`;
}
