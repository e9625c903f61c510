/** `node dist/prepare-engine.js [directory]`: compiles the change engine ahead of its first use. */
import { messageOf } from '@sluice/kernel';
import { defaultEngineDirectory } from './config.js';
import { prepareEngine } from './engine/engine-home.js';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

try {
  const directory = process.argv[2] ?? defaultEngineDirectory(process.env);
  const home = await prepareEngine(directory, (text) => say(text));
  say(
    home.hasArchive
      ? `change engine ready in ${directory}`
      : `change engine ready in ${directory}, without class archive: steps start slower`,
  );
} catch (cause) {
  process.stderr.write(`${messageOf(cause)}\n`);
  process.exitCode = 1;
}
