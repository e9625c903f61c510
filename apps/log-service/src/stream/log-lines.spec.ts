import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { capText, droppedMark, frame, toChunks, withIndex } from './log-lines.js';

const MARK = /… \[line cut: it has \d+ bytes\]\n?$/;
const anyText = fc.string({ unit: 'grapheme', maxLength: 400 });

describe('lines of a log', () => {
  it('are never longer than the cap, never cut inside a character, and whole when they fit', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 64, max: 300 }), (text, cap) => {
        const capped = capText(text, cap);
        expect(Buffer.byteLength(capped)).toBeLessThanOrEqual(cap);
        expect(Buffer.from(capped).toString()).toBe(capped);
        if (Buffer.byteLength(text) <= cap) return expect(capped).toBe(text);
        const kept = capped.replace(MARK, '');
        expect(capped).toMatch(MARK);
        return expect(Buffer.from(text).subarray(0, Buffer.byteLength(kept)).toString()).toBe(kept);
      }),
    );
  });

  it('keep their final newline when they are cut', () => {
    expect(capText(`${'x'.repeat(200)}\n`, 100)).toMatch(/x… \[line cut: it has 201 bytes\]\n$/);
  });

  it('come back from their chunks as they went in, each at its index', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ level: fc.constantFrom('INFO', 'ERROR'), out: anyText, time: fc.constant('t') }), {
          maxLength: 40,
        }),
        (lines) => {
          const chunks = toChunks(lines.map((line, pos) => ({ ...line, pos })));
          const stored = chunks.flatMap(({ text }) => text.split('\n'));
          expect(chunks.reduce((sum, { count }) => sum + count, 0)).toBe(lines.length);
          expect(stored.map((text, index) => JSON.parse(withIndex(text, index)) as unknown)).toEqual(
            lines.map((line, pos) => ({ pos, ...line, args: null })),
          );
        },
      ),
    );
  });

  it('have every documented field: args are null where there are none', () => {
    const [chunk] = toChunks([
      { level: 'INFO', pos: 0, out: 'a', time: 't' },
      { level: 'INFO', pos: 1, out: 'b', time: 't', args: { unit: 'one' } },
    ]);
    expect(chunk?.text.split('\n').map((text) => (JSON.parse(text) as { args: unknown }).args)).toEqual([
      null,
      { unit: 'one' },
    ]);
    expect(JSON.parse(droppedMark(1, 0))).toMatchObject({ args: null });
  });

  it('are split into chunks of at most 500 lines and about 64 KiB', () => {
    const chunks = toChunks(
      Array.from({ length: 2_000 }, (_, pos) => ({
        level: 'INFO',
        pos,
        out: 'x'.repeat(pos % 2 === 0 ? 10 : 1_000),
        time: 't',
      })),
    );
    expect(Math.max(...chunks.map(({ count }) => count))).toBeLessThanOrEqual(500);
    expect(Math.max(...chunks.map(({ text }) => text.length))).toBeLessThan(70_000);
  });

  it('are events with their index as id', () => {
    expect(frame('{"pos":7}', 7)).toBe('id: 7\ndata: {"pos":7}\n\n');
    expect(JSON.parse(droppedMark(12, 11))).toMatchObject({
      pos: 11,
      level: 'WARN',
      out: expect.stringContaining('12 earlier lines'),
    });
  });
});
