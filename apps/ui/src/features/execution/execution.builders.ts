import type { ExecutionNode, ExecutionSummary, LayoutNode } from './execution.api.js';

// Builders for specs: complete objects of which a spec names only what it is about.

export function aSummary(facts: Partial<ExecutionSummary> = {}): ExecutionSummary {
  return {
    planExecutionId: 'E',
    pipelineIdentifier: 'p',
    name: 'P',
    status: 'Running',
    runSequence: 1,
    startTs: 1,
    createdAt: 1,
    startingNodeId: '',
    layoutNodeMap: {},
    executionTriggerInfo: {
      triggerType: 'MANUAL',
      triggeredBy: { uuid: 'u', identifier: 'ana', extraInfo: {} },
      isRerun: false,
      rerunInfo: null,
    },
    executionErrorInfo: null,
    failureInfo: null,
    ...facts,
  };
}

export function aNode(facts: Partial<ExecutionNode> & { readonly uuid: string }): ExecutionNode {
  return {
    name: facts.uuid,
    identifier: facts.uuid,
    baseFqn: '',
    stepType: '',
    status: 'Success',
    failureInfo: aFailure(''),
    logBaseKey: '',
    delegateInfoList: [],
    stepParameters: null,
    outcomes: {},
    nodeRunInfo: null,
    progressData: {},
    ...facts,
  };
}

export function aFailure(message: string, hints: readonly string[] = []): ExecutionNode['failureInfo'] {
  return {
    message,
    failureTypeList: [],
    responseMessages: hints.map((hint) => ({
      code: 'HINT',
      level: 'INFO',
      message: hint,
      exception: null,
      failureTypes: [],
    })),
  };
}

export function aLayoutNode(facts: Partial<LayoutNode> & { readonly name: string }): LayoutNode {
  return {
    nodeType: 'Custom',
    nodeGroup: 'STAGE',
    nodeIdentifier: facts.name,
    nodeUuid: facts.name,
    nodeExecutionId: '',
    status: 'NotStarted',
    edgeLayoutList: { currentNodeChildren: [], nextIds: [] },
    failureInfo: { message: '' },
    ...facts,
  };
}
