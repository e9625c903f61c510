import { Module, type DynamicModule } from '@nestjs/common';
import { Tracing, type Logger } from '@sluice/telemetry';
import { LiteEngineController } from './lite-engine.controller.js';
import { LOGGER, POD, StageService, type Pod } from './stage/stage.service.js';

@Module({})
export class AppModule {
  static with(options: { readonly pod: Pod; readonly tracing: Tracing; readonly logger: Logger }): DynamicModule {
    return {
      module: AppModule,
      controllers: [LiteEngineController],
      providers: [
        StageService,
        { provide: POD, useValue: options.pod },
        { provide: Tracing, useValue: options.tracing },
        { provide: LOGGER, useValue: options.logger },
      ],
    };
  }
}
