import { Module, type DynamicModule } from '@nestjs/common';
import { Tracing, type Logger } from '@sluice/telemetry';
import type { StepRunOptions } from './run/step-run.js';
import { StepRunnerController } from './step-runner.controller.js';
import { LOGGER, STEP_RUN_OPTIONS, StepRunnerService } from './step-runner.service.js';

@Module({})
export class AppModule {
  static with(options: { readonly run: StepRunOptions; readonly logger: Logger }): DynamicModule {
    return {
      module: AppModule,
      controllers: [StepRunnerController],
      providers: [
        StepRunnerService,
        { provide: STEP_RUN_OPTIONS, useValue: options.run },
        { provide: Tracing, useValue: options.run.tracing },
        { provide: LOGGER, useValue: options.logger },
      ],
    };
  }
}
