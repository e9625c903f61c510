import type { Restartable, Stack } from '@sluice/local-stack';

/** Runs `work` while a further delegate is the only one; afterwards the first one is there again, alone. */
export async function onDelegate<T>(
  stack: Stack,
  name: string,
  environment: Readonly<Record<string, string>>,
  work: (delegate: Restartable) => Promise<T>,
): Promise<T> {
  const delegate = await stack.addDelegate(name, environment);
  try {
    await stack.delegate.stop();
    return await work(delegate);
  } finally {
    await delegate.stop();
    if (Object.keys(stack.delegate.pids()).length === 0) await stack.delegate.start();
  }
}
