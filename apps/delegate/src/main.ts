import { messageOf } from '@sluice/kernel';
import { bootstrap } from './bootstrap.js';

try {
  const delegate = await bootstrap(process.env);
  process.stdout.write(`${JSON.stringify({ ready: true, url: delegate.url ?? null })}\n`);
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return delegate.hurry();
    isStopping = true;
    delegate.close().then(
      () => process.exit(0),
      (cause: unknown) => {
        process.stderr.write(`delegate: stopping failed: ${messageOf(cause)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
} catch (cause) {
  process.stderr.write(`delegate: ${messageOf(cause)}\n`);
  process.exit(1);
}
