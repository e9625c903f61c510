import {
  Server,
  ServerCredentials,
  type Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { assertMayListen, type ListenerSecurity } from '@sluice/config';
import { AppError, LIMITS, messageOf } from '@sluice/kernel';
import type { ServiceIdentity, ServiceName, VerifiedCall } from '@sluice/service-identity';
import type { Logger, Tracing } from '@sluice/telemetry';
import { constructorOf, type GrpcService } from './client.js';
import { statusOf } from './errors.js';
import { traceparentOf } from './metadata.js';

/** What a handler knows about a call before it reads the request. */
export interface ServiceCall extends VerifiedCall {
  /** Hand this to whatever is called from within. */
  readonly traceparent: string | undefined;
  /** Aborts when the caller goes away or the server closes. */
  readonly signal: AbortSignal;
}

/** One function per method: a promise of the reply, or an async iterable of replies for a server stream. */
export type ServiceHandlers<Methods extends Record<keyof Methods, { request: object; reply: object }>> = {
  readonly [Name in keyof Methods]: (
    call: ServiceCall,
    request: Methods[Name]['request'],
  ) => Promise<Methods[Name]['reply']> | AsyncIterable<Methods[Name]['reply']>;
};

interface ServiceServerOptions {
  readonly identity: ServiceIdentity;
  readonly tracing: Tracing;
  readonly log: Logger;
  /** Loopback when absent: an address beyond it is refused then. */
  readonly security?: ListenerSecurity | undefined;
}

const DRAIN_MS = 5_000;

/** A control-plane gRPC server: service tokens in metadata `authorization`, traces with hops, AppError over the wire. */
export class ServiceServer {
  private readonly server = new Server({
    'grpc.max_receive_message_length': LIMITS.rpcMessageBytes,
    'grpc.max_send_message_length': LIMITS.rpcMessageBytes,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
  });
  private readonly closing = new AbortController();

  constructor(private readonly options: ServiceServerOptions) {}

  /** Adds a service that only `callers` may call. */
  add<Methods extends Record<keyof Methods, { request: object; reply: object }>>(
    service: GrpcService,
    callers: readonly ServiceName[],
    handlers: ServiceHandlers<Methods>,
  ): void {
    const definition = constructorOf(service).service;
    const implementation: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(definition)) {
      const handler = handlers[name as keyof Methods] as ServiceHandlers<
        Record<string, { request: object; reply: object }>
      >[string];
      implementation[name] = method.responseStream
        ? this.streaming(name, callers, handler)
        : this.unary(name, callers, handler);
    }
    this.server.addService(definition, implementation);
  }

  /** @param port 0 takes a free one @returns the port it listens on @throws Error for an address beyond loopback without TLS */
  async listen(host: string, port: number): Promise<number> {
    const { security } = this.options;
    assertMayListen(host, security);
    const credentials =
      security?.kind === 'tls'
        ? ServerCredentials.createSsl(null, [
            { cert_chain: Buffer.from(security.cert), private_key: Buffer.from(security.key) },
          ])
        : ServerCredentials.createInsecure();
    return new Promise((resolve, reject) => {
      this.server.bindAsync(`${host}:${port}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
  }

  /** Ends streams, lets unary calls finish, and cuts what is left after 5 s. */
  async close(): Promise<void> {
    this.closing.abort(new Error('the service is shutting down'));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.server.forceShutdown();
        resolve();
      }, DRAIN_MS);
      this.server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private unary(
    name: string,
    callers: readonly ServiceName[],
    handler: (call: ServiceCall, request: object) => unknown,
  ) {
    return (call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>): void => {
      const gone = new AbortController();
      call.on('cancelled', () => gone.abort(new Error('the caller went away')));
      this.answer(
        name,
        callers,
        call.metadata,
        gone.signal,
        (known) => handler(known, call.request) as Promise<object>,
      ).then(
        (reply) => callback(null, reply),
        (cause: unknown) => callback(this.failure(name, cause)),
      );
    };
  }

  private streaming(
    name: string,
    callers: readonly ServiceName[],
    handler: (call: ServiceCall, request: object) => unknown,
  ) {
    return (call: ServerWritableStream<object, object>): void => {
      const gone = new AbortController();
      call.on('cancelled', () => gone.abort(new Error('the caller went away')));
      const signal = AbortSignal.any([gone.signal, this.closing.signal]);
      const run = async (): Promise<void> => {
        const verified = await this.verify(call.metadata, callers);
        const replies = handler(
          { ...verified, traceparent: traceparentOf(call.metadata), signal },
          call.request,
        ) as AsyncIterable<object>;
        for await (const reply of replies) {
          if (signal.aborted) return;
          if (!call.write(reply)) await drained(call, signal);
        }
      };
      run().then(
        () => call.end(),
        (cause: unknown) => (signal.aborted ? call.end() : call.emit('error', this.failure(name, cause))),
      );
    };
  }

  private async answer<T>(
    name: string,
    callers: readonly ServiceName[],
    metadata: Metadata,
    gone: AbortSignal,
    work: (call: ServiceCall) => Promise<T>,
  ): Promise<T> {
    const verified = await this.verify(metadata, callers);
    const parent = traceparentOf(metadata);
    const hop = { from: verified.caller, to: this.options.identity.service, protocol: 'grpc' } as const;
    return this.options.tracing.run(name, { kind: 'server', parent, hop }, (span) =>
      work({ ...verified, traceparent: span.traceparent, signal: gone }),
    );
  }

  private async verify(metadata: Metadata, callers: readonly ServiceName[]): Promise<VerifiedCall> {
    const [header] = metadata.get('authorization');
    const token = typeof header === 'string' ? /^Bearer (.+)$/.exec(header)?.[1] : undefined;
    if (!token)
      throw new AppError(
        'INVALID_TOKEN',
        'this address takes calls from Sluice services only; send a service token in metadata "authorization"',
      );
    return this.options.identity.verifyCall(token, callers);
  }

  private failure(name: string, cause: unknown): ReturnType<typeof statusOf> {
    if (!(cause instanceof AppError))
      this.options.log.error(
        { method: name, error: messageOf(cause), stack: cause instanceof Error ? cause.stack : undefined },
        'gRPC call failed',
      );
    return statusOf(cause);
  }
}

function drained(call: ServerWritableStream<object, object>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}
