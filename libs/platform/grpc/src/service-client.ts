import { credentials } from '@grpc/grpc-js';
import type { CallIdentity, ServiceIdentity, ServiceName } from '@sluice/service-identity';
import { GrpcClient, type CallOptions, type GrpcService, type StreamOptions } from './client.js';

interface ServiceClientOptions {
  readonly service: GrpcService;
  /** `host:port`, or `https://host:port` for TLS. */
  readonly address: string;
  /** PEM of the authority that a TLS address must prove itself by; the system's authorities and NODE_EXTRA_CA_CERTS when absent. */
  readonly ca?: string | undefined;
  /** The service that is called: audience of the token. */
  readonly target: ServiceName;
  readonly identity: ServiceIdentity;
}

const TLS_SCHEME = 'https://';

/** A request context is one; background work builds one for itself. */
type Caller = CallIdentity & { readonly traceparent?: string | undefined; readonly signal?: AbortSignal };

/**
 * One control-plane service's gRPC client of another: every call carries a service token in metadata `authorization` with the end user
 * inside, and the trace. Reconnects by itself. Errors arrive as AppError with the callee's own code.
 */
export class ServiceClient<Methods extends Record<keyof Methods, { request: object; reply: object }>> {
  private readonly client: GrpcClient<Methods>;

  constructor(private readonly options: ServiceClientOptions) {
    const { service, address, ca } = options;
    const isTls = address.startsWith(TLS_SCHEME);
    this.client = new GrpcClient<Methods>(
      service,
      isTls ? address.slice(TLS_SCHEME.length) : address,
      isTls ? credentials.createSsl(ca ? Buffer.from(ca) : null) : credentials.createInsecure(),
    );
  }

  async unary<Name extends keyof Methods & string>(
    caller: Caller,
    name: Name,
    request: Methods[Name]['request'],
    options: Pick<CallOptions, 'timeoutMs'> = { timeoutMs: 15_000 },
  ): Promise<Methods[Name]['reply']> {
    const metadata = await this.metadataFor(caller);
    return this.client.unary(name, request, {
      ...options,
      metadata,
      traceparent: caller.traceparent,
      signal: caller.signal,
    });
  }

  /** Messages of a server stream until the caller leaves the loop, the signal aborts or the connection breaks. */
  async *stream<Name extends keyof Methods & string>(
    caller: Caller,
    name: Name,
    request: Methods[Name]['request'],
    options: Pick<StreamOptions, 'timeoutMs'> = {},
  ): AsyncGenerator<Methods[Name]['reply']> {
    const metadata = await this.metadataFor(caller);
    yield* this.client.stream(name, request, {
      ...options,
      metadata,
      traceparent: caller.traceparent,
      signal: caller.signal,
    });
  }

  close(): void {
    this.client.close();
  }

  private async metadataFor({
    accountId,
    principal,
    grants,
    origin,
  }: Caller): Promise<Readonly<Record<string, string>>> {
    const token = await this.options.identity.tokenFor(this.options.target, { accountId, principal, grants, origin });
    return { authorization: `Bearer ${token}` };
  }
}
