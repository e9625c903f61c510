import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import {
  DELEGATE_ADMIN_SERVICE,
  DELEGATE_TASKS_SERVICE,
  type DelegateAdminMethods,
  type DelegateTasksMethods,
} from '@sluice/delegate-rpc';
import { ServiceServer } from '@sluice/grpc';
import type { ServiceIdentity } from '@sluice/service-identity';
import type { Logger, Tracing } from '@sluice/telemetry';
import { CONFIG, IDENTITY, LOG, TRACING, type DelegateServiceConfig } from '../config.js';
import { DelegateAdminRpc } from './delegate-admin.rpc.js';
import { DelegateTasksRpc } from './delegate-tasks.rpc.js';

/** The gRPC port and who may call which service on it. */
@Injectable()
export class RpcServer implements OnModuleDestroy {
  private readonly server: ServiceServer;
  private boundPort = 0;

  constructor(
    tasks: DelegateTasksRpc,
    admin: DelegateAdminRpc,
    @Inject(CONFIG) private readonly config: DelegateServiceConfig,
    @Inject(IDENTITY) identity: ServiceIdentity,
    @Inject(TRACING) tracing: Tracing,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.server = new ServiceServer({ identity, tracing, log, security: this.config.security });
    this.server.add<DelegateTasksMethods>(DELEGATE_TASKS_SERVICE, ['pipeline', 'ng-manager'], tasks);
    this.server.add<DelegateAdminMethods>(DELEGATE_ADMIN_SERVICE, ['ng-manager'], admin);
  }

  /** Known once {@link listen} has resolved. */
  get address(): string {
    return `${this.config.grpcHost}:${this.boundPort}`;
  }

  async listen(): Promise<void> {
    this.boundPort = await this.server.listen(this.config.grpcHost, this.config.grpcPort);
    this.log.info({ address: this.address }, 'gRPC listening');
  }

  async onModuleDestroy(): Promise<void> {
    await this.server.close();
  }
}
