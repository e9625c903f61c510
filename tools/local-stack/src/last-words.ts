const MOST_CHARACTERS = 300;

/**
 * Why a process ended, in one line, from the end of its log: the message of the last error it logged, else the last line that is no stack frame. Log lines
 * are JSON (`level` 50 and above is an error, `err.message` its cause) or plain text. Pure.
 */
export function lastWordsOf(log: string): string {
  const said = log
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(at |[{}\])]+[,;]?$|\^+$|Node\.js v)/.test(line))
    .map(wordsOf);
  const words = said.findLast(({ isError }) => isError) ?? said.at(-1);
  return (words?.text ?? 'it gave no reason').replaceAll(/\s+/g, ' ').slice(0, MOST_CHARACTERS);
}

interface Words {
  readonly text: string;
  readonly isError: boolean;
}

const ERROR_LEVEL = 50;

function wordsOf(line: string): Words {
  const record = recordIn(line);
  if (!record) return { text: line, isError: /^\w*Error: /.test(line) };
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  const { err, error, msg, level } = record;
  const cause = text(isRecord(err) ? err['message'] : err) ?? text(isRecord(error) ? error['message'] : error);
  const parts = [text(msg), cause].filter((part) => part !== undefined);
  return {
    text: parts.length === 0 ? line : [...new Set(parts)].join(': '),
    isError: typeof level === 'number' && level >= ERROR_LEVEL,
  };
}

function recordIn(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
