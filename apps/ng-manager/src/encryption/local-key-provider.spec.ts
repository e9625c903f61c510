import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalKeyProvider } from './local-key-provider.js';

describe('a key file', () => {
  let folder: string;
  const write = (name: string, content: string, mode = 0o600): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    chmodSync(file, mode);
    return file;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-kek-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['a key that is too short', 'c2hvcnQ=', 0o600, /line 1 of key file .* must hold 32 bytes/],
    ['a second line that is no key', `${randomBytes(32).toString('base64')}\nnonsense`, 0o600, /line 2/],
    ['no key at all', '\n# nothing\n', 0o600, /holds no key/],
    ['a mode that lets others read', randomBytes(32).toString('base64'), 0o644, /chmod 600/],
  ])('is refused with %s', async (name, content, mode, message) => {
    await expect(LocalKeyProvider.load(write(name.replace(/ /g, '-'), content, mode))).rejects.toThrow(message);
  });

  it('that is not there is named', async () => {
    await expect(LocalKeyProvider.load(join(folder, 'none'))).rejects.toThrow(/none cannot be read/);
  });

  it('that is broken while the service runs stops new wrapping, not opening', async () => {
    const file = write('running', randomBytes(32).toString('base64'));
    const provider = await LocalKeyProvider.load(file);
    const key = await provider.wrap('A', randomBytes(32));
    writeFileSync(file, 'half a k');
    await expect(provider.wrap('A', randomBytes(32))).rejects.toThrow(/must hold 32 bytes/);
    expect(await provider.unwrap('A', key)).toHaveLength(32);
  });
});
