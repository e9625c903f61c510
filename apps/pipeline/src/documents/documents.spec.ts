import { afterEach, describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { Documents } from './documents.js';
import type { ReaderArguments, ReaderName } from './readers.js';

const lines = (count: number, line: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => line(at)).join('\n');
/** The worst that the limits of YAML allow: a mebibyte, nearly all marks that may be in it. */
const WORST: readonly (readonly [what: string, yaml: string])[] = [
  ['keys', lines(49_000, (at) => `k${at}: ${'x'.repeat(10)}`)],
  ['quoted keys', lines(49_000, (at) => `"k${at}": "a\\n${at}"`)],
  ['keys of one brace', `{${Array.from({ length: 49_000 }, (_, at) => `k${at}: x`).join(', ')}}`],
  ['anchors', lines(24_500, (at) => `- &a${at} x`)],
];
const SMALL = 'pipeline: { identifier: p, variables: [{ name: v, type: Secret, value: token }] }';
const PLACE = { orgId: 'o', projectId: 'p' };
const SCOPE = { level: 'project', accountId: 'acc', ...PLACE } as const;
const described = (yaml: string) => ({ name: 'n', description: null, tags: {}, yaml });

/** Everything that is read of what people store or send. */
const READS: { readonly [Name in ReaderName]: (yaml: string) => ReaderArguments<Name> } = {
  pipeline: (yaml) => [yaml, PLACE],
  pipelineHead: (yaml) => [yaml],
  inputSet: (yaml) => [SCOPE, 'p', 'INPUT_SET', yaml],
  trigger: (yaml) => [yaml, SCOPE, 'p'],
  inputFault: (yaml) => [yaml],
  references: (yaml) => [yaml],
  named: (yaml) => [[undefined, yaml]],
  states: (yaml) => ['pipeline', undefined, described(yaml)],
  inputTemplate: (yaml) => [yaml],
  asked: (yaml) => [yaml, []],
  chosenStages: (yaml) => [yaml, []],
  stageNeeds: (yaml) => [yaml],
  templateNow: (yaml) => [yaml, null],
  resolvedInputs: (yaml) => [yaml, {}],
  variables: (yaml) => [yaml],
  json: (yaml) => [yaml],
};

describe('what is read of documents', () => {
  let documents: Documents | undefined;
  afterEach(() => documents?.stop());

  const read = (name: ReaderName, yaml: string): Promise<unknown> => {
    const of = READS[name] as (text: string) => ReaderArguments<typeof name>;
    return (documents as Documents).read('acc', name, ...of(yaml));
  };

  it.each(Object.keys(READS) as ReaderName[])(
    'is left to the threads when it is large, and read where it is when it is small: %s',
    async (name) => {
      documents = new Documents({ size: 1, deadlineMs: 120_000 });
      await documents.stop();
      await expect(read(name, SMALL.padEnd(20_000))).rejects.toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        message: expect.stringContaining('stopping'),
      });
      const small = await read(name, SMALL).catch((cause: unknown) => cause);
      if (small instanceof Error) expect(small).toMatchObject({ code: 'SCHEMA_VALIDATION_FAILED' });
    },
  );

  it.each(WORST)(
    'leaves the service free for others while it is read: many %s',
    async (_what, yaml) => {
      documents = new Documents({ size: 2, deadlineMs: 120_000 });
      await read('references', SMALL.padEnd(20_000));
      const ended: string[] = [];
      const work = Promise.all([read('references', yaml), read('states', yaml)]).then(() => ended.push('read'));
      // One account has one of the two threads, so the second text is read after the answer to the first: a turn is over before, unless they are read where they are.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      ended.push('turn');
      await work;
      expect(ended).toEqual(['turn', 'read']);
    },
    300_000,
  );

  it('is the same wherever it was read', async () => {
    documents = new Documents({ size: 1, deadlineMs: 120_000 });
    const large = `${SMALL}\n${'#'.repeat(20_000)}`;
    for (const name of ['references', 'named', 'inputTemplate', 'json', 'asked'] as const)
      expect(await read(name, large)).toEqual(
        await read(name, SMALL).then((small) =>
          name === 'asked' ? { ...(small as object), pipelineYaml: large } : small,
        ),
      );
    const faults = await Promise.all(
      [large, SMALL].map((yaml) =>
        read('pipeline', yaml).catch((cause: unknown) =>
          cause instanceof AppError ? [cause.code, cause.message, cause.details] : cause,
        ),
      ),
    );
    expect(faults[0]).toEqual(faults[1]);
    expect(faults[0]).toEqual(['SCHEMA_VALIDATION_FAILED', expect.stringContaining('pipeline.'), expect.anything()]);
  }, 300_000);
});
