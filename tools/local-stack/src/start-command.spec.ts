import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const tools = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

function start(...args: readonly string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(tools, 'start.mjs'), ...args], {
    encoding: 'utf8',
  });
  return { code: status, output: stdout + stderr };
}

describe('npm start', () => {
  it('explains every option without installing anything', () => {
    const { code, output } = start('--help');
    expect(code).toBe(0);
    for (const option of [
      '--once',
      '--no-deploy',
      '--reset',
      '--separate',
      '--without',
      '--data',
      '--port-offset',
      '--otel',
    ])
      expect(output).toContain(option);
  });

  it.each([
    [['--onse'], "Unknown option '--onse'"],
    [['--port-offset', 'many'], '--port-offset takes a whole number from 0 to 8000, not "many"'],
    [['--port-offset', '1e3'], '--port-offset takes a whole number from 0 to 8000, not "1e3"; "auto" picks free ports'],
    [['--port-offset', ''], '--port-offset takes a whole number from 0 to 8000, not ""'],
    [['--otel', 'localhost:4318'], '--otel takes an http or https URL'],
    [['--once', '--no-deploy'], '--once deploys, so it goes with neither --no-deploy nor --without'],
  ])('refuses %j in one sentence', (args, sentence) => {
    expect(start(...args)).toEqual({ code: 1, output: expect.stringContaining(sentence) });
  });
});

describe('prerequisites', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sluice-root-'));
    mkdirSync(join(root, 'node_modules'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const lock = (packages: object): string => JSON.stringify({ lockfileVersion: 3, packages });
  async function matches(installed: object | undefined, wanted: object): Promise<boolean> {
    const module = (await import(join(tools, 'bootstrap/npm-packages.mjs'))) as {
      npmPackagesMatchLock(root: string): boolean;
    };
    writeFileSync(join(root, 'package-lock.json'), lock(wanted));
    if (installed) writeFileSync(join(root, 'node_modules/.package-lock.json'), lock(installed));
    return module.npmPackagesMatchLock(root);
  }

  it('install npm packages when none are, when a version differs and when one is missing', async () => {
    const wanted = {
      'node_modules/a': { version: '1.0.0' },
      'node_modules/@sluice/x': { resolved: 'libs/x', link: true },
    };
    expect(await matches(undefined, wanted)).toBe(false);
    expect(await matches({ ...wanted, 'node_modules/a': { version: '0.9.0' } }, wanted)).toBe(false);
    expect(await matches({ 'node_modules/a': { version: '1.0.0' } }, wanted)).toBe(false);
    expect(await matches(wanted, wanted)).toBe(true);
  });

  it('do not miss packages for other platforms', async () => {
    const installed = { 'node_modules/a': { version: '1.0.0' } };
    expect(
      await matches(installed, {
        ...installed,
        'node_modules/a-darwin': { version: '1.0.0', optional: true },
        'libs/x': { version: '0.1.0' },
      }),
    ).toBe(true);
  });

  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "21" 2023-09-19', 21],
    ['java version "1.8.0_412"', 8],
    ['command not found', 0],
  ])('read %j as Java %i', async (text, expected) => {
    const module = (await import(join(tools, 'bootstrap/system-packages.mjs'))) as {
      javaMajorVersion(text: string): number;
    };
    expect(module.javaMajorVersion(text)).toBe(expected);
  });

  it.each([
    [{ version: '18.20.0' }, 'Sluice needs Node 20.19 or newer, and this is 18.20.0'],
    [{ version: '20.11.1' }, 'Sluice needs Node 20.19 or newer, and this is 20.11.1'],
    [
      { version: '22.0.0', platform: 'darwin', arch: 'arm64' },
      'The local stack runs on Linux x64 and arm64, and this is darwin arm64',
    ],
  ])('refuse %j', async (machine, sentence) => {
    const { checkPlatform } = (await import(join(tools, 'bootstrap/platform.mjs'))) as {
      checkPlatform(machine: object): void;
    };
    expect(() => checkPlatform(machine)).toThrow(sentence);
    expect(() => checkPlatform({ version: '20.19.0', platform: 'linux', arch: 'arm64' })).not.toThrow();
  });
});
