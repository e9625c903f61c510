import {
  Client,
  loadPackageDefinition,
  type ChannelCredentials,
  type ChannelOptions,
  type GrpcObject,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync, type Options } from '@grpc/proto-loader';
import { AppError, LIMITS } from '@sluice/kernel';
import { errorFromGrpc } from './errors.js';
import { traceMetadata } from './metadata.js';
import { clientCredentials, type TlsMaterial } from './tls.js';

export interface GrpcService {
  /** Path of the `.proto` file. */
  readonly protoPath: string;
  readonly loader: Options;
  /** Package and service name, such as `sluice.runner.v1.LiteEngine`. */
  readonly name: string;
}

export interface CallOptions {
  /** Milliseconds until the call fails with REQUEST_TIMEOUT. */
  readonly timeoutMs: number;
  readonly traceparent?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Further metadata by lower-case name. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface StreamOptions extends Omit<CallOptions, 'timeoutMs'> {
  /** Absent for streams that live as long as the work they report. */
  readonly timeoutMs?: number;
}

const constructors = new Map<string, ServiceClientConstructor>();

/**
 * A connection to one service. `Methods` maps method names to request and reply shapes; nothing checks them at run time,
 * the `.proto` does. Errors arrive as AppError.
 */
export class GrpcClient<Methods extends Record<keyof Methods, { request: object; reply: object }>> {
  private readonly client: Client;

  constructor(
    private readonly service: GrpcService,
    private readonly address: string,
    channel: ChannelCredentials,
    channelOptions: ChannelOptions = {},
  ) {
    this.client = new (constructorOf(service))(address, channel, {
      ...channelOptions,
      'grpc.keepalive_time_ms': 15_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.max_receive_message_length': LIMITS.rpcMessageBytes,
      'grpc.max_send_message_length': LIMITS.rpcMessageBytes,
      'grpc.enable_http_proxy': 0,
    });
  }

  /** A client with a certificate of its own, for a server known by the common name of its certificate. */
  static mutualTls<Methods extends Record<keyof Methods, { request: object; reply: object }>>(
    service: GrpcService,
    address: string,
    tls: TlsMaterial,
    serverName: string,
  ): GrpcClient<Methods> {
    return new GrpcClient<Methods>(service, address, clientCredentials(tls, serverName), {
      'grpc.ssl_target_name_override': serverName,
    });
  }

  unary<Name extends keyof Methods & string>(
    name: Name,
    request: Methods[Name]['request'],
    options: CallOptions,
  ): Promise<Methods[Name]['reply']> {
    const method = this.method(name);
    return new Promise((resolve, reject) => {
      const call = this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        traceMetadata(options.traceparent, options.metadata),
        { deadline: Date.now() + options.timeoutMs },
        (error: Error | null, reply?: Methods[Name]['reply']) => {
          options.signal?.removeEventListener('abort', cancel);
          if (error || reply === undefined) reject(errorFromGrpc(error ?? new Error('empty reply'), this.what(name)));
          else resolve(reply);
        },
      );
      const cancel = (): void => call.cancel();
      if (options.signal?.aborted) cancel();
      else options.signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Messages of a server stream as they arrive. Leaving the loop cancels the call. */
  async *stream<Name extends keyof Methods & string>(
    name: Name,
    request: Methods[Name]['request'],
    options: StreamOptions = {},
  ): AsyncGenerator<Methods[Name]['reply']> {
    const method = this.method(name);
    const deadline = options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs };
    const call = this.client.makeServerStreamRequest<object, Methods[Name]['reply']>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      traceMetadata(options.traceparent, options.metadata),
      deadline,
    );
    const cancel = (): void => call.cancel();
    if (options.signal?.aborted) cancel();
    options.signal?.addEventListener('abort', cancel, { once: true });
    try {
      for await (const message of call) yield message as Methods[Name]['reply'];
    } catch (cause) {
      throw errorFromGrpc(cause, this.what(name));
    } finally {
      options.signal?.removeEventListener('abort', cancel);
      call.cancel();
    }
  }

  /** Resolves once connected. @throws AppError UPSTREAM_UNAVAILABLE when that takes longer than `timeoutMs`, or when `signal` aborts */
  waitUntilReady(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (problem?: string): void => {
        signal?.removeEventListener('abort', giveUp);
        if (problem === undefined) resolve();
        else reject(new AppError('UPSTREAM_UNAVAILABLE', `${this.what()} does not answer: ${problem}`));
      };
      const giveUp = (): void => finish('the wait was given up');
      if (signal?.aborted) return giveUp();
      signal?.addEventListener('abort', giveUp, { once: true });
      this.client.waitForReady(Date.now() + timeoutMs, (error) => finish(error?.message));
    });
  }

  close(): void {
    this.client.close();
  }

  private method(name: string) {
    const method = constructorOf(this.service).service[name];
    if (!method) throw new AppError('INTERNAL', `${this.service.name} has no method ${name}`);
    return method;
  }

  private what(method?: string): string {
    const service = this.service.name.split('.').at(-1) ?? this.service.name;
    return `${service}${method ? `.${method}` : ''} at ${this.address}`;
  }
}

/** The generated constructor of a service, which also holds its method definitions. @throws AppError INTERNAL when the file lacks it */
export function constructorOf(service: GrpcService): ServiceClientConstructor {
  const known = constructors.get(service.name);
  if (known) return known;
  const root = loadPackageDefinition(loadSync(service.protoPath, service.loader));
  const found = service.name
    .split('.')
    .reduce<GrpcObject[string] | undefined>((node, part) => (node as GrpcObject | undefined)?.[part], root);
  if (typeof found !== 'function')
    throw new AppError('INTERNAL', `${service.protoPath} defines no service ${service.name}`);
  const made = found as ServiceClientConstructor;
  constructors.set(service.name, made);
  return made;
}
