import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { World, pipelineYaml, groupYaml, simplePipeline, stageYaml } from '../testing/pipeline-under-test.js';
import { Documents } from './documents.js';

/** Takes long to match nothing, in hundreds of places: the clock of one pattern does not stop the document. */
const HOSTILE = '<+input>.regex("^(a+)+$")';
const VALUE = `${'a'.repeat(40)}!`;
const hostile = (id: string, count = 250): string =>
  pipelineYaml(id, stageYaml('db', groupYaml('grp', [{ id: 'apply' }])), [
    'variables:',
    ...Array.from({ length: count }, (_, index) => `  - { name: v${index}, type: String, value: '${HOSTILE}' }`),
  ]);
const inputFor = (id: string, count = 250): string =>
  `pipeline:\n  identifier: ${id}\n  variables:\n${Array.from({ length: count }, (_, index) => `    - { name: v${index}, type: String, value: "${VALUE}" }`).join('\n')}\n`;
const PLAIN = simplePipeline('plain');
/** What can be read is read within it, also where the machine stands still for a moment. */
const DEADLINE_MS = 12_000;

async function refusal(work: Promise<unknown>): Promise<AppError> {
  const cause = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (cause instanceof AppError) return cause;
  throw new Error(`no AppError: ${String(cause)}`);
}

describe('documents in threads', () => {
  let documents: Documents | undefined;
  afterEach(() => documents?.stop());

  it('a document above the deadline is refused with the limit, and the thread is replaced', async () => {
    documents = new Documents({ size: 1, deadlineMs: DEADLINE_MS });
    const error = await refusal(documents.fill('acc', hostile('h'), inputFor('h')));
    expect([error.code, error.message]).toEqual([
      'INVALID_REQUEST',
      `the pipeline with its runtime input could not be read within ${DEADLINE_MS} ms; simplify its patterns (.regex) and expressions, or make it smaller`,
    ]);
    expect(await documents.fill('acc', PLAIN, '')).toContain('identifier: plain');
  }, 300_000);

  it('one account that sends such documents does not take the threads of another', async () => {
    documents = new Documents({ size: 2, deadlineMs: DEADLINE_MS });
    const ended: string[] = [];
    const bad = Array.from({ length: 4 }, () =>
      refusal((documents as Documents).fill('bad', hostile('h'), inputFor('h'))).then(() => ended.push('bad')),
    );
    await documents.fill('good', PLAIN, '').then(() => ended.push('good'));
    expect(ended.filter((who) => who === 'bad').length).toBeLessThan(4);
    await Promise.all(bad);
  }, 300_000);

  it('errors of a document keep code and fields', async () => {
    documents = new Documents({ size: 1, deadlineMs: 60_000 });
    const error = await refusal(documents.fill('acc', PLAIN.replace('name: plain', 'name: <+input>'), ''));
    expect([error.code, error.details.fields?.[0]?.field]).toEqual(['INVALID_REQUEST', 'pipeline.name']);
  }, 300_000);

  it('what waits is refused when the service stops', async () => {
    const stopped = new Documents({ size: 1, deadlineMs: 60_000 });
    const waiting = [1, 2].map(() => refusal(stopped.fill('acc', PLAIN, '')));
    await stopped.stop();
    expect((await Promise.all(waiting)).map(({ code }) => code)).toEqual([
      'UPSTREAM_UNAVAILABLE',
      'UPSTREAM_UNAVAILABLE',
    ]);
  }, 300_000);
});

describe('hostile documents over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess({ PIPELINE_DOCUMENT_DEADLINE_MS: String(DEADLINE_MS) });
  }, 300_000);
  afterAll(() => world.stop());

  it.each(['execute/h', 'execute/preflightCheck?pipelineIdentifier=h'])(
    'do not stop the service for anybody: %s',
    async (path) => {
      const client = world.project();
      await client.create(hostile('h'));
      let isOver = false;
      const answer = client.send('POST', `/pipeline/api/pipeline/${path}`, inputFor('h')).finally(() => {
        isOver = true;
      });
      let answeredMeanwhile = 0;
      while (!isOver) {
        expect((await fetch(`${world.url}/health/live`)).status).toBe(200);
        if (!isOver) answeredMeanwhile += 1;
      }
      expect(answeredMeanwhile).toBeGreaterThan(10);
      expect((await answer).body).toMatchObject(
        path.startsWith('execute/h')
          ? { code: 'INVALID_REQUEST', message: expect.stringMatching(new RegExp(`within ${DEADLINE_MS} ms`)) }
          : { status: 'SUCCESS' },
      );
    },
    300_000,
  );

  it.each([1, 3, 6, 10])(
    'a variable that refers to itself %d times answers at once and names the cycle',
    async (times) => {
      const client = world.project();
      await client.create(
        pipelineYaml('bomb', stageYaml('db', groupYaml('grp', [{ id: 'apply' }])), [
          'variables:',
          '  - { name: a, type: String, value: <+input> }',
        ]),
      );
      const answer = await client.send(
        'POST',
        '/pipeline/api/pipeline/execute/bomb',
        `pipeline: { identifier: bomb, variables: [{ name: a, type: String, value: "x${'<+pipeline.variables.a>'.repeat(times)}" }] }`,
      );
      expect(answer).toMatchObject({
        status: 400,
        body: {
          code: 'PLAN_CREATION_ERROR',
          message: expect.stringMatching(/<\+pipeline\.variables\.a> → <\+pipeline\.variables\.a>/),
        },
      });
    },
  );

  it('runs of one pipeline that begin together have numbers of their own', async () => {
    const client = world.project();
    await client.create(PLAIN);
    const ids = await Promise.all(Array.from({ length: 5 }, () => client.execute('plain')));
    const sequences = await Promise.all(
      ids.map(async (id) => (await client.ended(id)).pipelineExecutionSummary.runSequence),
    );
    expect(sequences.sort()).toEqual([1, 2, 3, 4, 5]);
  }, 300_000);
});
