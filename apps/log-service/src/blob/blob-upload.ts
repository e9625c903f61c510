import { AppError } from '@sluice/kernel';
import { LOG_LIMITS, putSignedBlob, uploadBlob } from '@sluice/log-api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { LogAuthenticator } from '../access/log-authenticator.js';
import type { BlobPlace, BlobService } from './blob.service.js';

/**
 * The two addresses whose body is a file. They stand beside the controllers, in a scope without body parsers, so that a log goes to the
 * disk as it arrives instead of through memory.
 */
export async function serveUploads(
  fastify: FastifyInstance,
  authenticator: LogAuthenticator,
  blobs: BlobService,
): Promise<void> {
  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.post(uploadBlob.path, async (request, reply) => {
      const query = parsed(uploadBlob.query?.safeParse(request.query));
      const caller = await authenticator.authenticate(request.headers);
      await store(request, blobs, await blobs.placeForWriting(caller, query));
      return reply.status(204).send();
    });
    scope.put(putSignedBlob.path, async (request, reply) => {
      const { signature } = parsed(putSignedBlob.query?.safeParse(request.query));
      await store(request, blobs, await authenticator.verifyUploadLink(signature));
      return reply.status(204).send();
    });
  });
}

async function store(request: FastifyRequest, blobs: BlobService, place: BlobPlace): Promise<void> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > LOG_LIMITS.blobBytes) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `the log has ${announced} bytes, and the log of one step may hold ${LOG_LIMITS.blobBytes}; keep its first MiB and the newest rest, and say in a line how much is left out`,
    );
  }
  await blobs.store(place, request.raw);
}

function parsed<T>(
  result:
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
        };
      }
    | undefined,
): T {
  if (result?.success) return result.data;
  const text = (result?.error.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new AppError('INVALID_REQUEST', `invalid query: ${text}`);
}
