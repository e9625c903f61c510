/** Runs a case and prints one line with how its first run ended and how long all of it took. */
export async function reported(name: string, work: () => Promise<string>): Promise<void> {
  const since = Date.now();
  const say = (result: string): void =>
    void process.stdout.write(`${name}: ${result} (${((Date.now() - since) / 1_000).toFixed(1)} s)\n`);
  try {
    say(`${await work()}, then Success`);
  } catch (cause: unknown) {
    say('FAULT FOUND');
    throw cause;
  }
}
