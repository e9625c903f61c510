import { Readable } from 'node:stream';
import { Controller, Inject } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import {
  blobDownloadLink,
  blobUploadLink,
  getArchive,
  getBlob,
  getLogToken,
  getSignedBlob,
  prepareArchive,
} from '@sluice/log-api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mayRead, ownerFor } from '../access/log-access.js';
import { LINK_NANOSECONDS, LogAuthenticator } from '../access/log-authenticator.js';
import { LIMITS, type ServiceLimits } from '../limits.js';
import { LogEvents } from '../security/log-events.js';
import { zipOf } from './archive.js';
import { ArchiveService, type MayRead } from './archive.service.js';
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
    private readonly events: LogEvents,
    @Inject(LIMITS) private readonly limits: ServiceLimits,
  ) {}

  @Route(getLogToken)
  async token(@Call() call: RouteCall<typeof getLogToken>): Promise<string> {
    const caller = await this.authenticator.authenticate(call.headers);
    const { accountID } = call.query;
    if (caller.kind === 'service' && accountID !== undefined && accountID !== caller.identity.accountId) {
      throw new AppError(
        'ACCESS_DENIED',
        `the key belongs to account ${caller.identity.accountId}, not to ${accountID}`,
      );
    }
    const token = await this.authenticator.accountToken(caller);
    this.events.issued(caller, 'token');
    return token;
  }

  @Route(getBlob)
  async content(@Call() call: RouteCall<typeof getBlob>): Promise<Readable> {
    const info = await this.blobs.infoForReading(await this.authenticator.authenticate(call.headers), call.query);
    return this.send(info.key, call.reply);
  }

  @Route(getSignedBlob)
  async signedContent(@Call() call: RouteCall<typeof getSignedBlob>): Promise<Readable> {
    const { key } = await this.authenticator.verifyDownloadLink(call.query.signature);
    return this.send(key, call.reply);
  }

  @Route(blobDownloadLink)
  async downloadLink(@Call() call: RouteCall<typeof blobDownloadLink>): Promise<Link> {
    const caller = await this.authenticator.authenticate(call.headers);
    const info = await this.blobs.infoForReading(caller, call.query);
    this.events.issued(caller, 'downloadLink', info.key);
    return this.link(call.request, 'signed', { signature: await this.authenticator.signDownloadLink(info.key) });
  }

  @Route(blobUploadLink)
  async uploadLink(@Call() call: RouteCall<typeof blobUploadLink>): Promise<Link> {
    const caller = await this.authenticator.authenticate(call.headers);
    const place = await this.blobs.placeForWriting(caller, call.query);
    if (!place.writer.startsWith('pod:')) this.events.issued(caller, 'uploadLink', place.key);
    return this.link(call.request, 'signed', { signature: await this.authenticator.signUploadLink(place) });
  }

  @Route(prepareArchive)
  async prepareArchive(@Call() call: RouteCall<typeof prepareArchive>): Promise<Link & { readonly status: 'success' }> {
    const caller = await this.authenticator.authenticate(call.headers);
    const { prefix, accountID } = call.query;
    ownerFor(caller, prefix, accountID);
    const { scopes } = await this.archives.below(prefix, (key, scope) => mayRead(caller, key, scope));
    const signature = await this.authenticator.signArchiveLink({ prefix, scopes });
    this.events.issued(caller, 'archiveLink', prefix);
    return { ...this.link(call.request, `archive/${archiveName(prefix)}`, { prefix, signature }), status: 'success' };
  }

  @Route(getArchive)
  async archive(@Call() call: RouteCall<typeof getArchive>): Promise<Readable> {
    const { prefix, signature } = call.query;
    const { entries } = await this.archives.below(
      prefix,
      signature === undefined ? await this.rightsOfCaller(call) : await this.rightsOfLink(signature, prefix),
    );
    void call.reply
      .header('content-type', 'application/zip')
      .header('content-disposition', `attachment; filename="${archiveName(prefix)}"`)
      .header('cache-control', 'private, no-store');
    return Readable.from(zipOf(prefix, entries));
  }

  private async rightsOfCaller({ headers, query }: RouteCall<typeof getArchive>): Promise<MayRead> {
    const caller = await this.authenticator.authenticate(headers);
    ownerFor(caller, query.prefix, undefined);
    return (key, scope) => mayRead(caller, key, scope);
  }

  /** What its maker was allowed to read below the prefix when the link was made. */
  private async rightsOfLink(signature: string, prefix: string): Promise<MayRead> {
    const link = await this.authenticator.verifyArchiveLink(signature);
    if (link.prefix !== prefix) throw new AppError('ACCESS_DENIED', 'this link was made for another prefix');
    return (_, scope) =>
      link.scopes.some(({ orgId, projectId }) => orgId === scope.orgId && projectId === scope.projectId);
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
    return {
      link: `${this.limits.publicUrl ?? origin(request)}/log-service/blob/${path}?${new URLSearchParams(query).toString()}`,
      expires: LINK_NANOSECONDS,
    };
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
  return `${parts
    .slice(-2)
    .join('-')
    .replaceAll(/[^\w.-]+/g, '_')
    .slice(-100)}.zip`;
}
