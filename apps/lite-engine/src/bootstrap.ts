import { LIMITS } from '@sluice/kernel';
import { ServerCredentials, credentials } from '@grpc/grpc-js';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { GrpcClient, GrpcErrorFilter, readTlsFiles, rehearse, serverCredentials } from '@sluice/grpc';
import { LogClient } from '@sluice/log-shipping';
import {
  LITE_ENGINE_SERVICE,
  RUNNER_LOADER,
  RUNNER_PACKAGE,
  STEP_RUNNER_SERVICE,
  runnerProtoPath,
  type LiteEngineIdentity,
  type LiteEngineMethods,
} from '@sluice/runner-rpc';
import type { Logger, Tracing } from '@sluice/telemetry';
import { AppModule } from './app.module.js';
import { StageService, type Pod } from './stage/stage.service.js';

export interface LiteEngineOptions {
  readonly identity: LiteEngineIdentity;
  readonly tracing: Tracing;
  readonly logger: Logger;
}

export interface RunningLiteEngine {
  readonly app: INestMicroservice;
  readonly stage: StageService;
}

/** Listens with mutual TLS. @throws AppError INVALID_REQUEST for unreadable TLS files; Error when the address is taken */
export async function bootstrap({ identity, tracing, logger }: LiteEngineOptions): Promise<RunningLiteEngine> {
  const tls = readTlsFiles(identity.tls);
  return listen(identity.listen, serverCredentials(tls), { identity, tls }, tracing, logger);
}

/** Goes through a start, a call and a log that nobody takes, so that the real ones find everything loaded. */
export async function rehearseLiteEngine(tracing: Tracing, logger: Logger): Promise<void> {
  const nothing = Buffer.alloc(0);
  await rehearse(async (address) => {
    const identity = { listen: address, tls: { ca: '', cert: '', key: '' }, podId: 'rehearsal', podDir: 'absent' };
    const { app } = await listen(
      address,
      ServerCredentials.createInsecure(),
      { identity, tls: { ca: nothing, cert: nothing, key: nothing } },
      tracing,
      logger,
    );
    const callers = [LITE_ENGINE_SERVICE, STEP_RUNNER_SERVICE].map(
      (service) => new GrpcClient<Pick<LiteEngineMethods, 'Ping'>>(service, address, credentials.createInsecure()),
    );
    // Refused, for they show no certificate; and nobody listens at port 1.
    for (const caller of callers) await caller.unary('Ping', {}, { timeoutMs: 2_000 }).catch(() => undefined);
    await new LogClient(
      { baseUrl: 'http://127.0.0.1:1', accountId: '', token: '' },
      tracing,
      'rehearsal',
      undefined,
      'lite-engine',
    )
      .open()
      .catch(() => undefined);
    for (const caller of callers) caller.close();
    await app.close();
  });
}

async function listen(
  address: string,
  serverSide: ServerCredentials,
  pod: Pod,
  tracing: Tracing,
  logger: Logger,
): Promise<RunningLiteEngine> {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule.with({ pod, tracing, logger }), {
    logger: false,
    transport: Transport.GRPC,
    options: {
      package: RUNNER_PACKAGE,
      protoPath: runnerProtoPath,
      loader: RUNNER_LOADER,
      url: address,
      credentials: serverSide,
      maxReceiveMessageLength: LIMITS.rpcMessageBytes,
      maxSendMessageLength: LIMITS.rpcMessageBytes,
      keepalive: { keepaliveTimeMs: 10_000, keepaliveTimeoutMs: 10_000 },
    },
  });
  app.useGlobalFilters(new GrpcErrorFilter((cause) => logger.error({ cause }, 'unexpected error')));
  await app.listen();
  return { app, stage: app.get(StageService) };
}
