import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '@sluice/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PARTS, type GatewayParts } from '../gateway-parts.js';
import type { Target } from '../routing/resolve.js';
import { UPSTREAMS } from '../routing/routing-table.js';
import { StaticFiles } from './static-files.js';
import { DOCS_PAGE, DOCS_SCRIPT, UI_MISSING_PAGE } from './page-texts.js';

type PageTarget = Extract<Target, { kind: 'page' }>;

/** The gateway's own pages: the built user interface under `/ng/`, and the documentation of the API. */
@Injectable()
export class PagesService {
  private readonly ui: StaticFiles | undefined;
  private readonly swagger = findSwagger();

  constructor(@Inject(PARTS) private readonly parts: GatewayParts) {
    this.ui = parts.uiDir ? new StaticFiles(parts.uiDir) : undefined;
  }

  /** @throws AppError ROUTE_NOT_FOUND */
  async serve(target: PageTarget, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return this.noPage(request);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) void reply.header(name, value);
    switch (target.page) {
      case 'home':
        return reply.redirect('/ng/', 302);
      case 'ui':
        return this.serveUi(target, request, reply);
      case 'docs':
        return this.serveDocs(target, request, reply);
    }
  }

  private async serveUi(
    { below, hasGatewayPrefix }: PageTarget,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    if (hasGatewayPrefix || pathOf(request) === '/ng')
      return reply.redirect(`/ng/${below.split('/').map(encodeURIComponent).join('/')}${queryOf(request)}`, 302);
    // The UI has pages of its own below /ng/: what looks like no file is one of them.
    const isFile = /\.\w+$/.test(below.split('/').at(-1) ?? '');
    const cacheControl = isFile && below.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    if (await this.ui?.send(isFile ? below : 'index.html', request, reply, cacheControl)) return reply;
    return isFile ? this.noPage(request) : this.uiMissing(request, reply);
  }

  private uiMissing(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    void reply.status(404).header('cache-control', 'no-store');
    if (String(request.headers.accept ?? '').includes('text/html'))
      return reply.header('content-type', 'text/html; charset=utf-8').send(UI_MISSING_PAGE);
    return reply.send({
      status: 'FAILURE',
      code: 'ROUTE_NOT_FOUND',
      message: 'the user interface is not built; run "npm run build" and start again',
      correlationId: request.id,
    });
  }

  private async serveDocs(
    { below, hasGatewayPrefix }: PageTarget,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const base = hasGatewayPrefix ? '/gateway/docs' : '/docs';
    if (below === '' && !pathOf(request).endsWith('/')) return reply.redirect(`${base}/`, 302);
    void reply.header('cache-control', 'no-cache');
    const service = UPSTREAMS.find((name) => below === `openapi/${name}.json`);
    if (service)
      return reply
        .header('content-type', 'application/json')
        .send(await this.parts.upstreams[service].text('/openapi.json'));
    if (below === 'openapi.json')
      return reply.send(UPSTREAMS.map((name) => ({ name, url: `${base}/openapi/${name}.json` })));
    if (!this.swagger) return below === '' ? reply.redirect(`${base}/openapi.json`, 302) : this.noPage(request);
    if (below === '') return reply.header('content-type', 'text/html; charset=utf-8').send(DOCS_PAGE);
    if (below === 'start.js')
      return reply.header('content-type', 'text/javascript; charset=utf-8').send(DOCS_SCRIPT(UPSTREAMS));
    return SWAGGER_FILES.includes(below) && (await this.swagger.send(below, request, reply, 'no-cache'))
      ? reply
      : this.noPage(request);
  }

  private noPage(request: FastifyRequest): never {
    throw new AppError('ROUTE_NOT_FOUND', `no matching operation was found: ${request.method} ${pathOf(request)}`);
  }
}

const SWAGGER_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

/** Styles are set by the component library at run time, hence 'unsafe-inline' for them; scripts come from here only. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'cross-origin-opener-policy': 'same-origin',
} as const;

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}

/** With its question mark; empty when there is none. */
function queryOf(request: FastifyRequest): string {
  return request.url.slice(pathOf(request).length);
}

/** The documentation page is optional: without its files there is a plain list. */
function findSwagger(): StaticFiles | undefined {
  try {
    return new StaticFiles(dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')));
  } catch {
    return undefined;
  }
}
