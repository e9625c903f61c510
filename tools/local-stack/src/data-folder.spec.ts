import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataFolderAt, prepareDataFolder } from './data-folder.js';

describe('the data folder', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-data-'));
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'foreign'));
    writeFileSync(join(folder, 'foreign', 'thesis.txt'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['where a file is', () => join(folder, 'file')],
    ['below a file', () => join(folder, 'file', 'data')],
  ])('%s is refused with its path, the reason and what to do', (_where, path) => {
    expect(() => prepareDataFolder(dataFolderAt(path()))).toThrow(
      new RegExp(
        `^${path()} cannot be the data folder \\((Error: )?E[A-Z]+: .*\\); it must be a folder that this user may write to, so change that or choose another one with --data$`,
      ),
    );
  });

  it('of somebody else is left alone', () => {
    expect(() => prepareDataFolder(dataFolderAt(join(folder, 'foreign')))).toThrow(
      /foreign is not empty and was not made by Sluice; choose another folder with --data$/,
    );
  });

  it('may be prepared again', () => {
    const data = dataFolderAt(join(folder, 'data'));
    prepareDataFolder(data);
    expect(() => prepareDataFolder(data)).not.toThrow();
  });
});
