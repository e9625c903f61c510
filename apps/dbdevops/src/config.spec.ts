import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from './config.js';

describe('configuration of dbdevops', () => {
  it('reads the database URL from a file and knows its defaults', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
    writeFileSync(join(folder, 'url'), 'postgres://u:p@h/d\n');
    const config = parseConfig({
      DBDEVOPS_DATABASE_URL_FILE: join(folder, 'url'),
      DBDEVOPS_SERVICE_KEY_FILE: 'key',
      SERVICE_KEYS_DIR: 'keys',
    });
    rmSync(folder, { recursive: true });
    expect(config).toEqual({
      host: '127.0.0.1',
      port: 12_091,
      databaseUrl: 'postgres://u:p@h/d',
      databasePoolSize: 10,
      serviceKeyFile: 'key',
      serviceKeysDir: 'keys',
    });
  });

  it('names every variable that is wrong', () => {
    expect(() => parseConfig({ DBDEVOPS_PORT: 'x' })).toThrow(
      /dbdevops: bad configuration(.|\n)*DBDEVOPS_PORT(.|\n)*DBDEVOPS_DATABASE_URL_FILE(.|\n)*SERVICE_KEYS_DIR/,
    );
  });
});
