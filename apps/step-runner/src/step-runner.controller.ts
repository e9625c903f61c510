import { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { requirePeer, streamOf, traceparentOf, type AuthenticatedCall } from '@sluice/grpc';
import {
  POD_PEERS,
  type PingReply,
  type PingRequest,
  type RunRequest,
  type StepEvent,
  type StopStepReply,
  type StopStepRequest,
} from '@sluice/runner-rpc';
import type { Observable } from 'rxjs';
import { StepRunnerService } from './step-runner.service.js';

/** gRPC in: only the lite engine of the same pod may call. */
@Controller()
export class StepRunnerController {
  constructor(@Inject(StepRunnerService) private readonly steps: StepRunnerService) {}

  @GrpcMethod('StepRunner', 'Ping')
  ping(request: PingRequest, _metadata: Metadata, call: AuthenticatedCall): PingReply {
    requirePeer(call, POD_PEERS.liteEngine);
    return this.steps.ping(request);
  }

  @GrpcMethod('StepRunner', 'Run')
  run(request: RunRequest, metadata: Metadata, call: AuthenticatedCall): Observable<StepEvent> {
    requirePeer(call, POD_PEERS.liteEngine);
    const follow = this.steps.run(request, traceparentOf(metadata));
    return streamOf(follow);
  }

  @GrpcMethod('StepRunner', 'Stop')
  stop(request: StopStepRequest, _metadata: Metadata, call: AuthenticatedCall): StopStepReply {
    requirePeer(call, POD_PEERS.liteEngine);
    return this.steps.stop(request);
  }
}
