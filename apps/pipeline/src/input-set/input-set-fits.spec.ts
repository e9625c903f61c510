import { describe, expect, it } from '@jest/globals';
import { projectScope } from '@sluice/kernel';
import type { Pipeline } from '../pipeline/pipeline.repository.js';
import type { InputSet } from './input-set.repository.js';
import { InputSetFits } from './input-set-fits.js';
import { faultsOfSets } from './merging.js';

const scope = projectScope('acc', 'org', 'project');
const pipeline = (version: number, description: string): Pipeline =>
  ({
    identifier: 'p',
    yaml: `pipeline:\n  identifier: p\n  description: ${description}\n`,
    version,
    updatedAt: 1,
  }) as Pipeline;
const set = (version: number, field: 'description' | 'timeout'): InputSet =>
  ({
    identifier: 's',
    yaml: `inputSet:\n  identifier: s\n  name: S\n  pipeline:\n    identifier: p\n    ${field}: given\n`,
    version,
    updatedAt: 1,
  }) as InputSet;
const faultsOf = (_account: string, yaml: string, sets: readonly string[]) => Promise.resolve(faultsOfSets(yaml, sets));
const asking = pipeline(1, '<+input>');

describe('how an input set fits its pipeline', () => {
  it('is worked out once per version of both, and anew for another version of either', async () => {
    const fits = new InputSetFits(faultsOf);
    const first = (await fits.forPipeline(scope, asking, [set(1, 'description')])).get('s');
    expect(first).toEqual([]);
    expect((await fits.forPipeline(scope, asking, [set(1, 'description')])).get('s')).toBe(first);
    expect((await fits.forPipeline(scope, asking, [set(2, 'timeout')])).get('s')).toHaveLength(1);
    expect((await fits.forPipeline(scope, pipeline(2, 'fixed'), [set(1, 'description')])).get('s')).toHaveLength(1);
  });

  it('is remembered for each project alone', async () => {
    const fits = new InputSetFits(faultsOf);
    expect((await fits.forPipeline(scope, asking, [set(1, 'description')])).get('s')).toEqual([]);
    expect(
      (await fits.forPipeline(projectScope('other', 'org', 'project'), asking, [set(1, 'timeout')])).get('s'),
    ).toHaveLength(1);
  });
});
