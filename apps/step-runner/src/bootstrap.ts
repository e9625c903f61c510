import { LIMITS } from '@sluice/kernel';
import { ServerCredentials, credentials } from '@grpc/grpc-js';
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import type { INestMicroservice } from '@nestjs/common';
import { GrpcClient, GrpcErrorFilter, readTlsFiles, rehearse, serverCredentials } from '@sluice/grpc';
import {
  RUNNER_LOADER,
  RUNNER_PACKAGE,
  STEP_RUNNER_SERVICE,
  runnerProtoPath,
  type StepRunnerIdentity,
  type StepRunnerMethods,
} from '@sluice/runner-rpc';
import type { Logger } from '@sluice/telemetry';
import { AppModule } from './app.module.js';
import { StepRun, type StepRunOptions } from './run/step-run.js';
import { StepRunnerService } from './step-runner.service.js';

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
  return listen(identity.listen, serverCredentials(readTlsFiles(identity.tls)), run, logger);
}

/** Goes through a start, a call and a step that fails early, so that the real ones find everything loaded. */
export async function rehearseStepRunner(run: StepRunOptions, logger: Logger): Promise<void> {
  await rehearse(async (address) => {
    const { app } = await listen(address, ServerCredentials.createInsecure(), run, logger);
    const client = new GrpcClient<StepRunnerMethods>(STEP_RUNNER_SERVICE, address, credentials.createInsecure());
    await client.unary('Ping', {}, { timeoutMs: 2_000 }).catch(() => undefined); // refused: it shows no certificate
    await new StepRun(
      { stepExecutionId: 'rehearsal', timeoutMs: 1_000, workJson: '{}', sourcesDir: '', secretsDir: 'absent' },
      run,
    ).execute(undefined);
    client.close();
    await app.close();
  });
}

async function listen(
  address: string,
  serverSide: ServerCredentials,
  run: StepRunOptions,
  logger: Logger,
): Promise<RunningStepRunner> {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule.with({ run, logger }), {
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
    },
  });
  app.useGlobalFilters(new GrpcErrorFilter((cause) => logger.error({ cause }, 'unexpected error')));
  await app.listen();
  return { app, steps: app.get(StepRunnerService) };
}
