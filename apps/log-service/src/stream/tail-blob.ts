import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { frame } from './log-lines.js';

const FRAMES_BYTES = 65_536;

/** Events of a stored log from index `from` on. The index of a line is its `pos`; lines without one count on from the line before. */
export async function* blobFrames(stream: Readable, from: number): AsyncGenerator<string> {
  let next = 0;
  let frames = '';
  for await (const text of textLines(stream)) {
    const { index, wire } = wireLine(text, next);
    next = index + 1;
    if (index < from) continue;
    frames += frame(wire, index);
    if (frames.length < FRAMES_BYTES) continue;
    yield frames;
    frames = '';
  }
  if (frames !== '') yield frames;
}

/** Non-empty lines of a stream, without their newlines. */
async function* textLines(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const parts = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part !== '') yield part;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}

function wireLine(text: string, expected: number): { readonly index: number; readonly wire: string } {
  try {
    const { pos } = JSON.parse(text) as { readonly pos?: unknown };
    // A position that goes backwards would make a resuming client skip lines, so it does not count.
    return { index: typeof pos === 'number' && Number.isInteger(pos) && pos >= expected ? pos : expected, wire: text };
  } catch {
    return {
      index: expected,
      wire: JSON.stringify({
        pos: expected,
        level: 'INFO',
        out: `${text}\n`,
        time: new Date(0).toISOString(),
        args: null,
      }),
    };
  }
}
