import { messageOf } from '@sluice/kernel';
import { bootstrap } from './bootstrap.js';

try {
  const app = await bootstrap(process.env);
  process.stdout.write(`${JSON.stringify({ ready: true, url: app.url })}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      app.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
} catch (cause) {
  process.stderr.write(`ng-manager cannot start: ${messageOf(cause)}\n`);
  process.exit(1);
}
