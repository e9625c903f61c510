import { afterAll, describe, expect, it } from '@jest/globals';
import { Documents } from '../documents/documents.js';
import { AuditedDocuments } from './audited-documents.js';

const version = (at: number) => ({ name: 'n', description: null, tags: {}, yaml: `pipeline: { identifier: p${at} }` });

describe('what the audit trail shows of a change', () => {
  const documents = new Documents({ size: 1, deadlineMs: 120_000 });
  afterAll(() => documents.stop());

  /** @param others how many times others change the document before a transaction reads it */
  async function change(others: number): Promise<{ readonly tries: number; readonly result: unknown }> {
    const audited = new AuditedDocuments(documents, 'acc');
    let [stored, tries] = [0, 0];
    const result = await audited
      .during(
        async () => void (await audited.prepare('pipeline', version(stored), undefined)),
        () => {
          tries += 1;
          if (tries <= others) stored += 1;
          return Promise.resolve().then(() => audited.of('pipeline', version(stored), undefined).name);
        },
      )
      .catch((cause: unknown) => cause);
    return { tries, result };
  }

  it.each([
    [0, 1],
    [1, 2],
    [4, 5],
  ])('is prepared again outside the transaction after %d changes by others', async (others, tries) => {
    expect(await change(others)).toEqual({ tries, result: 'n' });
  });

  it('is refused with the advice to try again when others change the document every time', async () => {
    expect(await change(100)).toMatchObject({
      tries: 5,
      result: { code: 'CONFLICT', message: expect.stringContaining('try again') },
    });
  });
});
