import { messageOf } from '@sluice/kernel';
import { rotateInstallation } from './encryption/rotate-installation.js';

const interruption = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => interruption.abort(new Error('interrupted; run it again to go on')));
try {
  process.exitCode = await rotateInstallation(process.env, interruption.signal, (line) =>
    process.stdout.write(`${line}\n`),
  );
} catch (cause) {
  process.stderr.write(`keys cannot be rotated: ${messageOf(cause)}\n`);
  process.exitCode = 1;
}
