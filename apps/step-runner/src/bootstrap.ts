import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import type { INestMicroservice } from '@nestjs/common';
import { GrpcErrorFilter, readTlsFiles, serverCredentials } from '@sluice/grpc';
import { RUNNER_LOADER, RUNNER_PACKAGE, runnerProtoPath, type StepRunnerIdentity } from '@sluice/runner-rpc';
import type { Logger } from '@sluice/telemetry';
import { AppModule } from './app.module.js';
import type { StepRunOptions } from './run/step-run.js';
import { StepRunnerService } from './step-runner.service.js';

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

export interface StepRunnerOptions {
  readonly identity: StepRunnerIdentity;
  readonly run: StepRunOptions;
  readonly logger: Logger;
}

export interface RunningStepRunner {
  readonly app: INestMicroservice;
  readonly steps: StepRunnerService;
}

/** Listens with mutual TLS. @throws AppError INVALID_REQUEST for unreadable TLS files; Error when the address is taken */
export async function bootstrap({ identity, run, logger }: StepRunnerOptions): Promise<RunningStepRunner> {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule.with({ run, logger }), {
    logger: false,
    transport: Transport.GRPC,
    options: {
      package: RUNNER_PACKAGE,
      protoPath: runnerProtoPath,
      loader: RUNNER_LOADER,
      url: identity.listen,
      credentials: serverCredentials(readTlsFiles(identity.tls)),
      maxReceiveMessageLength: MAX_MESSAGE_BYTES,
      maxSendMessageLength: MAX_MESSAGE_BYTES,
    },
  });
  app.useGlobalFilters(new GrpcErrorFilter((cause) => logger.error({ cause }, 'unexpected error')));
  await app.listen();
  return { app, steps: app.get(StepRunnerService) };
}
