import { describe, expect, it } from '@jest/globals';
import { parseMultipart } from './multipart.js';

async function parse(form: FormData) {
  const response = new Response(form);
  return parseMultipart(Buffer.from(await response.arrayBuffer()), response.headers.get('content-type') ?? '');
}
const form = (...parts: readonly (readonly [string, string | File])[]): FormData => {
  const made = new FormData();
  for (const [name, value] of parts) made.append(name, value);
  return made;
};

describe('a multipart form', () => {
  it('is read into texts and files, byte for byte', async () => {
    const bytes = Uint8Array.from({ length: 512 }, (_, at) => at % 256);
    const parts = await parse(form(['spec', '{"a":"ü"}'], ['file', new File([bytes], 'ä.bin')]));
    expect(parts['spec']).toBe('{"a":"ü"}');
    expect([...new Uint8Array(await (parts['file'] as File).arrayBuffer())]).toEqual([...bytes]);
  });

  it('with a name as text and as file means the file, whichever comes first', async () => {
    for (const parts of [
      [
        ['file', '/path'],
        ['file', new File(['x'], 'x')],
      ],
      [
        ['file', new File(['x'], 'x')],
        ['file', '/path'],
      ],
    ] as const)
      expect((await parse(form(...parts)))['file']).toBeInstanceOf(File);
  });

  it('with a name twice, or too many parts, is refused', async () => {
    await expect(parse(form(['a', '1'], ['a', '2']))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('"a" twice'),
    });
    await expect(parse(form(...Array.from({ length: 33 }, (_, at) => [`p${at}`, 'x'] as const)))).rejects.toMatchObject(
      { code: 'INVALID_REQUEST' },
    );
  });

  it('keeps no name from meaning itself', async () => {
    const parts = await parse(form(['__proto__', 'x'], ['constructor', 'y']));
    expect(Object.keys(parts)).toEqual(['__proto__', 'constructor']);
  });

  it.each([
    ['multipart/form-data', 'no boundary'],
    ['multipart/form-data; boundary=b', 'nothing'],
    ['multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut off'],
    ['multipart/mixed; boundary=b', '--b--'],
  ])('%s: %s is refused', async (contentType, body) => {
    await expect(parseMultipart(Buffer.from(body), contentType)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
