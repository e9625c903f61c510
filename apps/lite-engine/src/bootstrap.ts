import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { GrpcErrorFilter, readTlsFiles, serverCredentials } from '@sluice/grpc';
import { RUNNER_LOADER, RUNNER_PACKAGE, runnerProtoPath, type LiteEngineIdentity } from '@sluice/runner-rpc';
import type { Logger, Tracing } from '@sluice/telemetry';
import { AppModule } from './app.module.js';
import { StageService } from './stage/stage.service.js';

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

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
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule.with({ pod: { identity, tls }, tracing, logger }), {
    logger: false,
    transport: Transport.GRPC,
    options: {
      package: RUNNER_PACKAGE,
      protoPath: runnerProtoPath,
      loader: RUNNER_LOADER,
      url: identity.listen,
      credentials: serverCredentials(tls),
      maxReceiveMessageLength: MAX_MESSAGE_BYTES,
      maxSendMessageLength: MAX_MESSAGE_BYTES,
      keepalive: { keepaliveTimeMs: 10_000, keepaliveTimeoutMs: 10_000 },
    },
  });
  app.useGlobalFilters(new GrpcErrorFilter((cause) => logger.error({ cause }, 'unexpected error')));
  await app.listen();
  return { app, stage: app.get(StageService) };
}
