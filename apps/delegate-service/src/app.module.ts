import { Module, type DynamicModule } from '@nestjs/common';
import type { ServiceIdentity } from '@sluice/service-identity';
import type { Logger, Metrics, Tracing } from '@sluice/telemetry';
import { CONFIG, IDENTITY, LOG, METRICS, REPLICA_ID, TRACING, type DelegateServiceConfig } from './config.js';
import { DelegateGateway } from './connection/delegate-gateway.js';
import { ConnectionRegistry } from './connection/connection-registry.js';
import { MessageHandler } from './connection/message-handler.js';
import { SecretDelivery } from './connection/secret-delivery.js';
import { databaseProvider } from './database.js';
import { DelegateRepository } from './delegate/delegate.repository.js';
import { NotificationBus } from './notification/notification-bus.js';
import { DelegateAdminRpc } from './rpc/delegate-admin.rpc.js';
import { DelegateTasksRpc } from './rpc/delegate-tasks.rpc.js';
import { RpcServer } from './rpc/rpc-server.js';
import { DelegateVisits } from './security/delegate-visits.js';
import { SecurityOutbox } from './security/security-outbox.js';
import { DeadLetterRepository } from './task/dead-letter.repository.js';
import { DeadLetterService } from './task/dead-letter.service.js';
import { TaskEventRepository } from './task/task-event.repository.js';
import { TaskEventStreamService } from './task/task-event-stream.service.js';
import { TaskExpiryRepository } from './task/task-expiry.repository.js';
import { TaskExpiryService } from './task/task-expiry.service.js';
import { TaskOfferService } from './task/task-offer.service.js';
import { TaskRepository } from './task/task.repository.js';
import { TaskService } from './task/task.service.js';
import { TokenRepository } from './token/token.repository.js';
import { TokenService } from './token/token.service.js';

/** What a process gives to the app inside it. */
export interface AppDependencies {
  readonly config: DelegateServiceConfig;
  readonly identity: ServiceIdentity;
  readonly log: Logger;
  readonly tracing: Tracing;
  readonly metrics: Metrics;
  readonly replicaId: string;
}

@Module({})
export class AppModule {
  static with(dependencies: AppDependencies): DynamicModule {
    return {
      module: AppModule,
      providers: [
        { provide: CONFIG, useValue: dependencies.config },
        { provide: IDENTITY, useValue: dependencies.identity },
        { provide: LOG, useValue: dependencies.log },
        { provide: TRACING, useValue: dependencies.tracing },
        { provide: METRICS, useValue: dependencies.metrics },
        { provide: REPLICA_ID, useValue: dependencies.replicaId },
        databaseProvider,
        NotificationBus,
        TokenRepository,
        TokenService,
        SecurityOutbox,
        DelegateVisits,
        DelegateRepository,
        TaskRepository,
        TaskEventRepository,
        TaskExpiryRepository,
        TaskOfferService,
        TaskService,
        TaskEventStreamService,
        DeadLetterRepository,
        DeadLetterService,
        TaskExpiryService,
        ConnectionRegistry,
        SecretDelivery,
        MessageHandler,
        DelegateGateway,
        DelegateTasksRpc,
        DelegateAdminRpc,
        RpcServer,
      ],
    };
  }
}
