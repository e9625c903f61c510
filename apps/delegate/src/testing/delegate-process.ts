import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@sluice/kernel';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The built delegate in a process of its own, to be killed. */
export class DelegateProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
  ) {}

  static async start(folder: string, environment: Readonly<Record<string, string>>): Promise<DelegateProcess> {
    const logFile = join(folder, 'delegate.log');
    const output = openSync(logFile, 'a');
    // What an earlier process of this folder wrote says nothing of this one.
    const logStart = statSync(logFile).size;
    const child = spawn(process.execPath, [main], {
      env: { PATH: process.env['PATH'], ...environment, DELEGATE_PORT: '0' },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    const made = new DelegateProcess(child, logFile);
    await waitFor(
      () => {
        if (child.exitCode !== null)
          throw new Error(`the delegate did not start (is it built? node tools/build.mjs): ${made.log().slice(-2000)}`);
        return readFileSync(logFile).subarray(logStart).includes('"ready":true');
      },
      { timeoutMs: 240_000, what: 'the delegate' },
    );
    return made;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    return new Promise((resolve) => {
      this.child.once('exit', resolve);
      this.child.kill(signal);
    });
  }
}
