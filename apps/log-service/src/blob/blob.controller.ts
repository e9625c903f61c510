import { Readable } from 'node:stream';
import { Controller, Inject } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import { blobDownloadLink, blobUploadLink, getArchive, getBlob, getLogToken, getSignedBlob, prepareArchive } from '@sluice/log-api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ownerFor } from '../access/log-access.js';
import { LINK_NANOSECONDS, LogAuthenticator } from '../access/log-authenticator.js';
import { LIMITS, type ServiceLimits } from '../limits.js';
import { zipOf } from './archive.js';
import { ArchiveService } from './archive.service.js';
import { BlobService } from './blob.service.js';

interface Link {
  readonly link: string;
  readonly expires: number;
}

/** `/log-service/blob` and `/log-service/token`: stored logs, links to them, archives. Uploads are in `blob-upload.ts`. */
@Controller()
export class BlobController {
  constructor(
    private readonly authenticator: LogAuthenticator,
    private readonly blobs: BlobService,
    private readonly archives: ArchiveService,
    @Inject(LIMITS) private readonly limits: ServiceLimits,
  ) {}

  @Route(getLogToken)
  async token(@Call() call: RouteCall<typeof getLogToken>): Promise<string> {
    const caller = await this.authenticator.authenticate(call.headers);
    const { accountID } = call.query;
    if (caller.kind === 'service' && accountID !== undefined && accountID !== caller.identity.accountId) {
      throw new AppError('ACCESS_DENIED', `the key belongs to account ${caller.identity.accountId}, not to ${accountID}`);
    }
    return this.authenticator.accountToken(caller);
  }

  @Route(getBlob)
  async content(@Call() call: RouteCall<typeof getBlob>): Promise<Readable> {
    const info = await this.blobs.infoForReading(await this.authenticator.authenticate(call.headers), call.query);
    return this.send(info.key, call.reply);
  }

  @Route(getSignedBlob)
  async signedContent(@Call() call: RouteCall<typeof getSignedBlob>): Promise<Readable> {
    const { key } = await this.authenticator.verifyBlobLink(call.query.signature, 'read');
    return this.send(key, call.reply);
  }

  @Route(blobDownloadLink)
  async downloadLink(@Call() call: RouteCall<typeof blobDownloadLink>): Promise<Link> {
    const info = await this.blobs.infoForReading(await this.authenticator.authenticate(call.headers), call.query);
    return this.link(call.request, 'signed', { signature: await this.authenticator.signBlobLink('read', info.key, info.scope) });
  }

  @Route(blobUploadLink)
  async uploadLink(@Call() call: RouteCall<typeof blobUploadLink>): Promise<Link> {
    const scope = await this.blobs.scopeForWriting(await this.authenticator.authenticate(call.headers), call.query);
    return this.link(call.request, 'signed', { signature: await this.authenticator.signBlobLink('write', call.query.key, scope) });
  }

  @Route(prepareArchive)
  async prepareArchive(@Call() call: RouteCall<typeof prepareArchive>): Promise<Link & { readonly status: 'success' }> {
    const caller = await this.authenticator.authenticate(call.headers);
    const { prefix, accountID } = call.query;
    ownerFor(caller, prefix, accountID);
    await this.archives.entriesBelow(caller, prefix);
    const signature = await this.authenticator.signArchiveLink(prefix, caller);
    return { ...this.link(call.request, `archive/${archiveName(prefix)}`, { prefix, signature }), status: 'success' };
  }

  @Route(getArchive)
  async archive(@Call() call: RouteCall<typeof getArchive>): Promise<Readable> {
    const { prefix, signature } = call.query;
    const caller = signature === undefined ? await this.authenticator.authenticate(call.headers) : await this.callerOfLink(signature, prefix);
    ownerFor(caller, prefix, undefined);
    const entries = await this.archives.entriesBelow(caller, prefix);
    void call.reply.header('content-type', 'application/zip').header('content-disposition', `attachment; filename="${archiveName(prefix)}"`).header('cache-control', 'private, no-store');
    return Readable.from(zipOf(prefix, entries));
  }

  private async callerOfLink(signature: string, prefix: string) {
    const link = await this.authenticator.verifyArchiveLink(signature);
    if (link.prefix !== prefix) throw new AppError('ACCESS_DENIED', 'this link was made for another prefix');
    return link.caller;
  }

  private async send(key: string, reply: FastifyReply): Promise<Readable> {
    const { info, stream } = await this.blobs.open(key);
    void reply
      .header('content-type', 'application/x-ndjson; charset=utf-8')
      .header('content-length', String(info.sizeBytes))
      .header('etag', `"${info.sha256}"`)
      .header('cache-control', 'private, no-store');
    return stream;
  }

  private link(request: FastifyRequest, path: string, query: Readonly<Record<string, string>>): Link {
    return { link: `${this.limits.publicUrl ?? origin(request)}/log-service/blob/${path}?${new URLSearchParams(query).toString()}`, expires: LINK_NANOSECONDS };
  }
}

/** Where the client reached us: through the gateway (which says under which name) or directly. Only that client ever sees it. */
function origin(request: FastifyRequest): string {
  const forwarded = request.headers['x-forwarded-host'];
  if (typeof forwarded === 'string' && /^[\w.:[\]-]{1,255}$/.test(forwarded)) {
    return `${request.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'}://${forwarded}/gateway`;
  }
  return `http://${request.headers.host ?? 'localhost'}`;
}

function archiveName(prefix: string): string {
  const parts = prefix.split('/').filter((part) => part !== '');
  return `${parts.slice(-2).join('-').replaceAll(/[^\w.-]+/g, '_').slice(-100)}.zip`;
}
