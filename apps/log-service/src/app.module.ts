import { Module, type DynamicModule } from '@nestjs/common';
import { LogAuthenticator } from './access/log-authenticator.js';
import { ArchiveService } from './blob/archive.service.js';
import { BLOB_STORE, type BlobStore } from './blob/blob-store.js';
import { BlobController } from './blob/blob.controller.js';
import { BlobService } from './blob/blob.service.js';
import { LIMITS, type ServiceLimits } from './limits.js';
import { LogEvents } from './security/log-events.js';
import { StreamController } from './stream/stream.controller.js';
import { StreamService } from './stream/stream.service.js';
import { StreamSignals } from './stream/stream-signals.js';
import { StreamStore } from './stream/stream-store.js';
import { TailRegistry } from './stream/tail-registry.js';

export interface LogServiceParts {
  readonly authenticator: LogAuthenticator;
  readonly streams: StreamStore;
  readonly signals: StreamSignals;
  readonly blobs: BlobStore;
  readonly tails: TailRegistry;
  readonly limits: ServiceLimits;
  readonly events: LogEvents;
}

@Module({})
export class AppModule {
  static with({ authenticator, streams, signals, blobs, tails, limits, events }: LogServiceParts): DynamicModule {
    return {
      module: AppModule,
      controllers: [StreamController, BlobController],
      providers: [
        StreamService,
        BlobService,
        ArchiveService,
        { provide: LogAuthenticator, useValue: authenticator },
        { provide: StreamStore, useValue: streams },
        { provide: StreamSignals, useValue: signals },
        { provide: TailRegistry, useValue: tails },
        { provide: BLOB_STORE, useValue: blobs },
        { provide: LIMITS, useValue: limits },
        { provide: LogEvents, useValue: events },
      ],
    };
  }
}
