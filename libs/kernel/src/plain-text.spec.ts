import { describe, expect, it } from '@jest/globals';
import { plainText } from './plain-text.js';

const from = (...codes: readonly number[]): string => String.fromCodePoint(...codes);

describe('plain text', () => {
  it.each([
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['what clears the screen', 'a\u001b[2Jb', 'ab'],
    ['what writes to the clipboard', 'x\u001b]52;c;cm0gLXJm\u0007y', 'xy'],
    ['links', '\u001b]8;;http://evil.example\u001b\\click\u001b]8;;\u001b\\', 'click'],
    ['window titles', '\u001b]0;root@db\u0007$', '$'],
    ['one-byte controls of C1', from(0x9b) + '31mred' + from(0x85), 'red'],
    ['carriage returns and backspaces', 'DROP\r\u0008\u0008SELECT', 'DROPSELECT'],
    ['overrides of direction', `a${from(0x202e)}gnp.exe${from(0x2066)}${from(0x061c)}`, 'agnp.exe'],
    ['line separators that are no line feed', `a${from(0x2028)}b`, 'ab'],
  ])('has no %s', (_, text, expected) => expect(plainText(text)).toBe(expected));

  it('keeps tabs, line feeds and every script', () => {
    const text = 'a\tb\n数据库 база данных é 😀';
    expect(plainText(text)).toBe(text);
  });
});
