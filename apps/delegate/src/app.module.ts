import { Module, type DynamicModule } from '@nestjs/common';
import type { SealingKeyPair } from '@sluice/sealed-secrets';
import type { Logger, Tracing } from '@sluice/telemetry';
import { CONFIG, INSTANCE_ID, KEY_PAIR, LOG, TRACING, type DelegateConfig } from './config.js';
import { ServiceConnection } from './connection/service-connection.js';
import { ChangelogLockHandler } from './connectivity/changelog-lock.handler.js';
import { TestGitHandler } from './connectivity/test-git.handler.js';
import { TestJdbcHandler } from './connectivity/test-jdbc.handler.js';
import { TestServiceHandler } from './connectivity/test-service.handler.js';
import { GitMirror } from './git/git-mirror.js';
import { MirrorSweep } from './git/mirror-sweep.js';
import { SourceTree } from './git/source-tree.js';
import { HealthServer } from './health/health-server.js';
import { LogOutbox } from './logs/log-outbox.js';
import { ResultOutbox } from './outbox/result-outbox.js';
import { CleanupPodHandler } from './pod/cleanup-pod.handler.js';
import { ExecuteStepHandler } from './pod/execute-step.handler.js';
import { InitialisePodHandler } from './pod/initialise-pod.handler.js';
import { POD_RUNTIME, type PodRuntime } from './pod/pod-runtime.js';
import { ProcessPodRuntime } from './pod/process-pod-runtime.js';
import { StepLeases } from './pod/step-leases.js';
import { SealedAnswers } from './secrets/sealed-answers.js';
import { HANDLERS, TaskAgent } from './task/task-agent.js';
import type { TaskHandlers } from './task/task-handler.js';

/** What a process gives to the app inside it. */
export interface AppDependencies {
  readonly config: DelegateConfig;
  readonly log: Logger;
  readonly tracing: Tracing;
  readonly keyPair: SealingKeyPair;
  readonly instanceId: string;
  /** Pods as processes when absent. */
  readonly runtime: PodRuntime | undefined;
}

@Module({})
export class AppModule {
  static with(dependencies: AppDependencies): DynamicModule {
    const { runtime } = dependencies;
    return {
      module: AppModule,
      providers: [
        { provide: CONFIG, useValue: dependencies.config },
        { provide: LOG, useValue: dependencies.log },
        { provide: TRACING, useValue: dependencies.tracing },
        { provide: KEY_PAIR, useValue: dependencies.keyPair },
        { provide: INSTANCE_ID, useValue: dependencies.instanceId },
        runtime ? { provide: POD_RUNTIME, useValue: runtime } : { provide: POD_RUNTIME, useClass: ProcessPodRuntime },
        ServiceConnection,
        ResultOutbox,
        LogOutbox,
        SealedAnswers,
        GitMirror,
        MirrorSweep,
        SourceTree,
        StepLeases,
        InitialisePodHandler,
        ExecuteStepHandler,
        CleanupPodHandler,
        TestGitHandler,
        TestJdbcHandler,
        TestServiceHandler,
        ChangelogLockHandler,
        {
          provide: HANDLERS,
          inject: [
            InitialisePodHandler,
            ExecuteStepHandler,
            CleanupPodHandler,
            TestJdbcHandler,
            TestGitHandler,
            TestServiceHandler,
            ChangelogLockHandler,
          ],
          useFactory: (
            initialise: InitialisePodHandler,
            execute: ExecuteStepHandler,
            cleanup: CleanupPodHandler,
            jdbc: TestJdbcHandler,
            git: TestGitHandler,
            service: TestServiceHandler,
            lock: ChangelogLockHandler,
          ): TaskHandlers => ({
            'initialise-pod': initialise,
            'execute-step': execute,
            'cleanup-pod': cleanup,
            'test-jdbc': jdbc,
            'test-git': git,
            'test-service': service,
            'changelog-lock': lock,
          }),
        },
        TaskAgent,
        HealthServer,
      ],
    };
  }
}
