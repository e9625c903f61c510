import type { ProjectScope } from '@sluice/kernel';
import type { FittedInput, Problem } from '@sluice/pipeline-engine';
import type { Pipeline } from '../pipeline/pipeline.repository.js';
import { inputOfSet } from './input-set-yaml.js';
import type { InputSet } from './input-set.repository.js';

const MOST_KNOWN = 20_000;

/**
 * How input sets fit their pipelines, remembered by the versions of both: a list asks it of every set on a page, and reading a set's YAML costs more than
 * reading its row. Holds the latest answers; what is not there is worked out again.
 */
export class InputSetFits {
  private readonly known = new Map<string, readonly Problem[]>();

  constructor(private readonly fit: (account: string, pipelineYaml: string, input: unknown) => Promise<FittedInput>) {}

  /** @returns what of a set does not fit this pipeline as it is now */
  forPipeline(scope: ProjectScope, pipeline: Pipeline): (set: InputSet) => Promise<readonly Problem[]> {
    const place = [scope.accountId, scope.orgId, scope.projectId, pipeline.identifier, stampOf(pipeline)].join('/');
    return async (set) => {
      const key = `${place}/${set.identifier}/${stampOf(set)}`;
      const known = this.known.get(key);
      if (known) return known;
      const { faults } = await this.fit(scope.accountId, pipeline.yaml, inputOfSet(set.yaml));
      this.remember(key, faults);
      return faults;
    };
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
