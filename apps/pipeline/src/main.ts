import { messageOf } from '@sluice/kernel';
import { bootstrap } from './bootstrap.js';

try {
  const app = await bootstrap(process.env);
  process.stdout.write(`${JSON.stringify({ ready: true, url: app.url })}\n`);
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    app.close().then(
      () => process.exit(0),
      (cause: unknown) => {
        process.stderr.write(`pipeline: stopping failed: ${messageOf(cause)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
} catch (cause) {
  process.stderr.write(`pipeline: ${messageOf(cause)}\n`);
  process.exit(1);
}
