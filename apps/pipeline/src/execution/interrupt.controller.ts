import { Controller, Inject } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError, type ProjectScope } from '@sluice/kernel';
import { interruptExecution, interruptNode, manualIntervention } from '@sluice/pipeline-api';
import { projectOfQuery } from '../database/request-scope.js';
import { ExecuteService } from './execute.service.js';

type Interrupt = {
  id: string;
  type: RouteCall<typeof interruptExecution>['query']['interruptType'];
  planExecutionId: string;
};

/** What people may do to a run that is under way. */
@Controller()
export class InterruptController {
  constructor(@Inject(ExecuteService) private readonly executions: ExecuteService) {}

  @Route(interruptExecution)
  async interrupt(@Call() call: RouteCall<typeof interruptExecution>): Promise<Interrupt> {
    const scope = projectOfQuery(call.ctx, call.query);
    await this.executions.get(scope, call.params.planExecutionId);
    return this.abort(call, scope);
  }

  /** Stopping one node stops the execution: there is nothing a later step could rely on. */
  @Route(interruptNode)
  async interruptNode(@Call() call: RouteCall<typeof interruptNode>): Promise<Interrupt> {
    const scope = projectOfQuery(call.ctx, call.query);
    await this.executions.node(scope, call.params.planExecutionId, call.params.nodeExecutionId);
    return this.abort(call, scope);
  }

  /** No step waits for a person so far, so whatever is named here does not either. */
  @Route(manualIntervention)
  async intervene(@Call() { ctx, query, params }: RouteCall<typeof manualIntervention>): Promise<never> {
    const { node, state } = await this.executions.node(
      projectOfQuery(ctx, query),
      params.planExecutionId,
      params.nodeExecutionId,
    );
    throw new AppError(
      'INVALID_REQUEST',
      `"${node.name}" has status ${state.status} and does not wait for an intervention; to stop the execution use interruptType AbortAll on the execution itself`,
    );
  }

  private async abort(
    { ctx, query, params }: Pick<RouteCall<typeof interruptExecution>, 'ctx' | 'query' | 'params'>,
    scope: ProjectScope,
  ): Promise<Interrupt> {
    const { interruptType } = query;
    if (interruptType !== 'AbortAll' && interruptType !== 'Abort') {
      throw new AppError(
        'INVALID_REQUEST',
        `interruptType ${interruptType} is not supported; supported are AbortAll and Abort. A failed execution is retried with PUT …/execute/retry/{planExecutionId}`,
        { fields: [{ field: 'interruptType', error: 'must be AbortAll or Abort' }] },
      );
    }
    return {
      id: await this.executions.abort(ctx, scope, params.planExecutionId),
      type: interruptType,
      planExecutionId: params.planExecutionId,
    };
  }
}
