import { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { requirePeer, streamOf, traceparentOf, type AuthenticatedCall } from '@sluice/grpc';
import {
  POD_PEERS,
  type ContainerEndedReply,
  type ContainerEndedRequest,
  type Empty,
  type PingReply,
  type PingRequest,
  type SetupStageRequest,
  type StartStepReply,
  type StartStepRequest,
  type StepEvent,
  type StopStepReply,
  type StopStepRequest,
  type WatchStepRequest,
  type WriteLogRequest,
} from '@sluice/runner-rpc';
import { Tracing } from '@sluice/telemetry';
import type { Observable } from 'rxjs';
import { StageService } from './stage/stage.service.js';

/** gRPC in: only the delegate may call, and every call shows that it is alive. */
@Controller()
export class LiteEngineController {
  constructor(
    @Inject(StageService) private readonly stage: StageService,
    @Inject(Tracing) private readonly tracing: Tracing,
  ) {}

  @GrpcMethod('LiteEngine', 'SetupStage')
  setupStage(request: SetupStageRequest, metadata: Metadata, call: AuthenticatedCall): Promise<Empty> {
    return this.traced('SetupStage', metadata, call, () => {
      this.stage.prepare({ ...request, containers: request.containers ?? [] });
      return {};
    });
  }

  @GrpcMethod('LiteEngine', 'Ping')
  ping(request: PingRequest, _metadata: Metadata, call: AuthenticatedCall): PingReply {
    this.admit(call);
    return this.stage.ping(request);
  }

  @GrpcMethod('LiteEngine', 'StartStep')
  startStep(request: StartStepRequest, metadata: Metadata, call: AuthenticatedCall): Promise<StartStepReply> {
    return this.traced('StartStep', metadata, call, (traceparent) => this.stage.start(request, traceparent));
  }

  @GrpcMethod('LiteEngine', 'WatchStep')
  watchStep(request: WatchStepRequest, _metadata: Metadata, call: AuthenticatedCall): Observable<StepEvent> {
    this.admit(call);
    return streamOf(this.stage.watch(request));
  }

  @GrpcMethod('LiteEngine', 'StopStep')
  stopStep(request: StopStepRequest, metadata: Metadata, call: AuthenticatedCall): Promise<StopStepReply> {
    return this.traced('StopStep', metadata, call, () => this.stage.stop(request));
  }

  @GrpcMethod('LiteEngine', 'ContainerEnded')
  containerEnded(
    request: ContainerEndedRequest,
    metadata: Metadata,
    call: AuthenticatedCall,
  ): Promise<ContainerEndedReply> {
    return this.traced('ContainerEnded', metadata, call, () => this.stage.containerEnded(request));
  }

  @GrpcMethod('LiteEngine', 'WriteLog')
  writeLog(request: WriteLogRequest, metadata: Metadata, call: AuthenticatedCall): Promise<Empty> {
    return this.traced('WriteLog', metadata, call, (traceparent) => {
      this.stage.writeLog({ ...request, linesJson: request.linesJson ?? [] }, traceparent);
      return {};
    });
  }

  @GrpcMethod('LiteEngine', 'Destroy')
  destroy(_request: Empty, metadata: Metadata, call: AuthenticatedCall): Promise<Empty> {
    return this.traced('Destroy', metadata, call, async () => {
      await this.stage.destroy();
      setTimeout(() => this.stage.end(), 20); // after the reply has left
      return {};
    });
  }

  private admit(call: AuthenticatedCall): void {
    requirePeer(call, POD_PEERS.delegate);
    this.stage.heard();
  }

  private traced<T>(
    method: string,
    metadata: Metadata,
    call: AuthenticatedCall,
    work: (traceparent: string) => T | Promise<T>,
  ): Promise<T> {
    this.admit(call);
    const hop = { from: 'delegate', to: 'lite-engine', protocol: 'grpc' } as const;
    return this.tracing.run(
      `LiteEngine.${method}`,
      { kind: 'server', parent: traceparentOf(metadata), hop },
      async (span) => work(span.traceparent),
    );
  }
}
