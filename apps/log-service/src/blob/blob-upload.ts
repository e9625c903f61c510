import { AppError } from '@sluice/kernel';
import { LOG_LIMITS, putSignedBlob, uploadBlob } from '@sluice/log-api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { LogScope } from '../access/log-access.js';
import type { LogAuthenticator } from '../access/log-authenticator.js';
import type { BlobService } from './blob.service.js';

/**
 * The two addresses whose body is a file. They stand beside the controllers, in a scope without body parsers, so that a log goes to the
 * disk as it arrives instead of through memory.
 */
export async function serveUploads(fastify: FastifyInstance, authenticator: LogAuthenticator, blobs: BlobService): Promise<void> {
  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.post(uploadBlob.path, async (request, reply) => {
      const query = parsed(uploadBlob.query?.safeParse(request.query));
      const caller = await authenticator.authenticate(request.headers);
      await store(request, blobs, query.key, await blobs.scopeForWriting(caller, query));
      return reply.status(204).send();
    });
    scope.put(putSignedBlob.path, async (request, reply) => {
      const { signature } = parsed(putSignedBlob.query?.safeParse(request.query));
      const link = await authenticator.verifyBlobLink(signature, 'write');
      await store(request, blobs, link.key, link.scope);
      return reply.status(204).send();
    });
  });
}

async function store(request: FastifyRequest, blobs: BlobService, key: string, scope: LogScope): Promise<void> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > LOG_LIMITS.blobBytes) {
    throw new AppError('PAYLOAD_TOO_LARGE', `the log has ${announced} bytes, and the log of one step may hold ${LOG_LIMITS.blobBytes}; keep its first MiB and the newest rest, and say in a line how much is left out`);
  }
  await blobs.store(key, scope, request.raw);
}

function parsed<T>(result: { readonly success: true; readonly data: T } | { readonly success: false; readonly error: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] } } | undefined): T {
  if (result?.success) return result.data;
  const text = (result?.error.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new AppError('INVALID_REQUEST', `invalid query: ${text}`);
}
