import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { leastCpuMs } from '@sluice/testing';
import fc from 'fast-check';
import { MASK, SecretMasker } from './masker.js';

const SECRET = "pä$$ w0rd/+'x&y";

describe('SecretMasker', () => {
  const masker = new SecretMasker([SECRET]);

  it.each([
    ['raw', SECRET],
    ['URL-encoded', encodeURIComponent(SECRET)],
    ['form-encoded', new URLSearchParams({ a: SECRET }).toString().slice(2)],
    ['JSON-escaped', JSON.stringify(SECRET).slice(1, -1)],
    ['JSON-escaped as ASCII', SECRET.replace('ä', '\\u00e4')],
    ['SQL-quoted', SECRET.replaceAll("'", "''")],
    ['hexadecimal', Buffer.from(SECRET).toString('hex')],
    ['base64', Buffer.from(SECRET).toString('base64')],
    ['base64url', Buffer.from(SECRET).toString('base64url')],
    ['twice JSON-escaped', JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
    ['twice URL-encoded', encodeURIComponent(encodeURIComponent(SECRET))],
    ['HTML-escaped', 'pä$$ w0rd/+&#39;x&amp;y'],
    ['HTML-escaped as ASCII', 'p&#228;$$ w0rd/+&apos;x&amp;y'],
    ['twice HTML-escaped', 'pä$$ w0rd/+&amp;#39;x&amp;amp;y'],
    ['base64 of UTF-16, little-endian', Buffer.from(SECRET, 'utf16le').toString('base64')],
    ['base64 of UTF-16, big-endian', Buffer.from(SECRET, 'utf16le').swap16().toString('base64')],
    ['URL-encoded base64', encodeURIComponent(Buffer.from(SECRET).toString('base64'))],
    ['base64 of base64', Buffer.from(Buffer.from(SECRET).toString('base64')).toString('base64')],
  ])('masks the %s form', (_name, form) => {
    expect(masker.mask(`a ${form} b`)).toBe(`a ${MASK} b`);
  });

  it.each([
    ['base64 in lines of 76 columns', (bytes: Buffer) => bytes.toString('base64').replace(/.{76}/g, '$&\n')],
    [
      'base64 in lines that end with CRLF and are indented',
      (bytes: Buffer) => bytes.toString('base64').replace(/.{40}/g, '$&\r\n\t  '),
    ],
    [
      'base64 whose lines an error text has joined',
      (bytes: Buffer) => bytes.toString('base64').replace(/.{20}/g, '$&; '),
    ],
    ['a dump of bytes', (bytes: Buffer) => bytes.toString('hex').replace(/../g, '$& ')],
  ])('masks %s, wherever the secret stands in it, also when it comes in pieces', (_name, encode) => {
    for (let before = 0; before < 80; before += 1) {
      const text = encode(Buffer.from(`${'u'.repeat(before)}${SECRET}:${'t'.repeat(60)}`));
      const masked = masker.mask(text);
      expect(masked.split(MASK)).toHaveLength(2);
      const left = masked.replaceAll(/[*;\s]/g, '');
      expect(text.replaceAll(/[;\s]/g, '').length - left.length).toBeGreaterThanOrEqual(
        Math.floor((Buffer.from(SECRET).length * 8) / 6) - 2,
      );
      const stream = masker.stream();
      expect([...text].map((char) => stream.write(char)).join('') + stream.end()).toBe(masked);
    }
  });

  it.each([0, 1, 2, 3, 4])('masks base64 of data in which the secret stands after %i other bytes', (before) => {
    const text = Buffer.from(`${'u'.repeat(before)}${SECRET}:tail`).toString('base64');
    const masked = masker.mask(text);
    expect(masked).toContain(MASK);
    // What is left around the mask gives back at most the byte next to each border.
    expect(masked.replaceAll('*', '').length).toBeLessThanOrEqual(Math.ceil(((before + 5) * 8) / 6) + 4);
  });

  it.each(['"', '<a "b" \'c\'>', 'a&b"c'])('masks the HTML form of %s as attributes and as text hold it', (marks) => {
    const secret = `word${marks}word`;
    const text = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    for (const form of [
      text,
      text.replaceAll('"', '&quot;'),
      text.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
      text.replaceAll('"', '&#34;').replaceAll("'", '&#x27;'),
    ]) {
      expect(new SecretMasker([secret]).mask(`<${form}>`)).toBe(`<${MASK}>`);
    }
  });

  it('finds base64 of base64 inside longer data at every alignment', () => {
    for (const outer of [0, 1, 2]) {
      for (const inner of [0, 1, 2]) {
        const once = Buffer.from(`${'u'.repeat(inner)}${SECRET}:tail`).toString('base64');
        expect(masker.mask(Buffer.from(`${'v'.repeat(outer)}${once};`).toString('base64'))).toContain(MASK);
      }
    }
  });

  it.each([
    ['a long line and a long secret consist of one letter', 'a'.repeat(60_000), 'a'],
    ['a text spells the hexadecimal form of a long secret letter by letter', 'a'.repeat(4_000), '6\n1\n'],
  ])('takes time that grows with the text alone, also where %s', (_what, secret, unit) => {
    const long = new SecretMasker([secret]);
    const cpuOf = (length: number): number => {
      const text = unit.repeat(length / unit.length);
      return leastCpuMs(() => long.mask(text));
    };
    cpuOf(120_000);
    // Eight times the text: eight times the time when it is linear, sixty-four times when it is quadratic.
    expect(cpuOf(960_000)).toBeLessThan(24 * cpuOf(120_000));
  });

  it('masks two hundred long secrets, the shortest in every form and the others in the plainer ones, at a bounded cost', () => {
    const secrets = Array.from({ length: 200 }, (_, index) =>
      createHash('sha512')
        .update(`secret ${index}`)
        .digest('base64')
        .repeat(2 + index / 10),
    );
    const before = process.memoryUsage().arrayBuffers;
    const many = new SecretMasker(secrets);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(400 * 1024 * 1024);
    const [shortest = '', longest = ''] = [secrets[0], secrets.at(-1)];
    expect(many.mask(`x ${Buffer.from(Buffer.from(shortest).toString('base64')).toString('base64')} y`)).toBe(
      `x ${MASK} y`,
    );
    for (const form of [longest, Buffer.from(longest).toString('base64'), encodeURIComponent(longest)])
      expect(many.mask(`x ${form} y`)).toBe(`x ${MASK} y`);
  });

  it('masks a whole file, and says whether a text holds a secret', () => {
    const file = Array.from({ length: 900 }, (_, line) =>
      Buffer.from(`line ${line} of the key file, long enough`).toString('base64'),
    ).join('\n');
    const key = new SecretMasker([file]);
    expect(key.mask(`x ${JSON.stringify(file).slice(1, -1)} y`)).toBe(`x ${MASK} y`);
    expect(key.finds(`x ${file.split('\n')[7]} y`)).toBe(true);
    expect(key.finds('x')).toBe(false);
  });

  it('masks each line of a secret with several lines', () => {
    const key = new SecretMasker(['-----BEGIN KEY-----\nMIIabcdef\nqq\n-----END KEY-----\n']);
    expect(key.mask('line MIIabcdef here')).toBe(`line ${MASK} here`);
    expect(key.mask('qq stays')).toBe('qq stays');
  });

  it('masks the longest of several secrets, so that no tail stays visible', () => {
    expect(new SecretMasker(['hunter', 'hunter22!']).mask('x hunter22! y')).toBe(`x ${MASK} y`);
  });

  it('masks two overlapping secrets as one stretch', () => {
    expect(new SecretMasker(['abcdef', 'defghi']).mask('-abcdefghi-')).toBe(`-${MASK}-`);
  });

  it('leaves short values and ordinary words alone', () => {
    expect(new SecretMasker(['abc', 'true', 'NULL', '']).mask('abc true null NULL')).toBe('abc true null NULL');
  });

  it('masks strings anywhere inside a value', () => {
    expect(
      new SecretMasker(['topsecret']).maskDeep({ a: ['x topsecret', 1], b: { c: null, topsecret: true } }),
    ).toEqual({ a: [`x ${MASK}`, 1], b: { c: null, [MASK]: true } });
  });

  it('finds a secret however the text is cut into pieces', () => {
    const secrets = ['hunter2hunter3', 'ter2hun', 'aaaa', 'aaaab'];
    const streaming = new SecretMasker(secrets);
    const piece = fc.constantFrom(...secrets, 'a', 'aa', 'b', 'hunter2', 'hun', '\n', 'é');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(40), { maxLength: 8 }), (pieces, cuts) => {
        const text = pieces.join('');
        const stream = streaming.stream();
        let out = '';
        let from = 0;
        for (const cut of [...new Set(cuts.map((at) => Math.min(at, text.length)))].sort((a, b) => a - b)) {
          out += stream.write(text.slice(from, cut));
          from = cut;
        }
        out += stream.write(text.slice(from)) + stream.end();
        expect(out).toBe(streaming.mask(text));
        for (const secret of secrets) expect(out).not.toContain(secret);
      }),
      { numRuns: 500 },
    );
  });

  it('holds nothing back that cannot become a secret', () => {
    const stream = masker.stream();
    expect(stream.write('plain text')).toBe('plain text');
  });
});
