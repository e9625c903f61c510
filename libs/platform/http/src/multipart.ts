import { AppError } from '@sluice/kernel';

/** Fields of a form by name. A name that is sent as a text and as a file is the file: one client adds the file's path as a text beside it. */
export type MultipartForm = Readonly<Record<string, string | File>>;

const MAX_PARTS = 32;

/**
 * Reads a whole `multipart/form-data` body. Its size is limited by the server's body limit already.
 * @throws AppError INVALID_REQUEST for something that is no such form, or has a name twice or too many parts
 */
export async function parseMultipart(bytes: Buffer, contentType: string): Promise<MultipartForm> {
  const form = new Map<string, string | File>();
  let parts = 0;
  for (const [name, value] of await read(bytes, contentType)) {
    if ((parts += 1) > MAX_PARTS) throw new AppError('INVALID_REQUEST', `the form has more than ${MAX_PARTS} parts`);
    const known = form.get(name);
    if (known !== undefined && typeof known === typeof value)
      throw new AppError('INVALID_REQUEST', `the form has the part "${name.slice(0, 64)}" twice; send it once`, {
        fields: [{ field: name.slice(0, 64), error: 'is given more than once' }],
      });
    if (typeof known !== 'object') form.set(name, value);
  }
  return Object.fromEntries(form);
}

async function read(bytes: Buffer, contentType: string): Promise<Iterable<[string, string | File]>> {
  try {
    const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } }).formData();
    return form.entries() as Iterable<[string, string | File]>;
  } catch (cause) {
    throw new AppError(
      'INVALID_REQUEST',
      'the body is not a complete multipart/form-data form; check the boundary in content-type and the closing line',
      {},
      { cause },
    );
  }
}
