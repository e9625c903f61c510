import type { ProjectScope } from '@sluice/kernel';
import type { TriggerDetails, TriggerResponse } from '@sluice/pipeline-api';
import type { Trigger } from './trigger.repository.js';

/** A trigger in its shape for one who asks. @param publicUrl address of the gateway as the caller knows it; empty gives paths only */
export function triggerView(scope: ProjectScope, trigger: Trigger, publicUrl: string): TriggerResponse {
  return {
    name: trigger.name,
    identifier: trigger.identifier,
    description: trigger.description,
    type: trigger.type,
    accountIdentifier: scope.accountId,
    orgIdentifier: scope.orgId,
    projectIdentifier: scope.projectId,
    targetIdentifier: trigger.target,
    yaml: trigger.yaml,
    version: trigger.version,
    enabled: trigger.isEnabled,
    webhookUrl: webhookUrl(scope, trigger, publicUrl),
    errors: { ...trigger.errors },
    errorResponse: Object.keys(trigger.errors).length > 0,
  };
}

/** With status and recent use: nothing starts by itself yet, so there is none. */
export function triggerDetailsView(scope: ProjectScope, trigger: Trigger, publicUrl: string): TriggerDetails {
  const faults = Object.entries(trigger.errors).map(([field, error]) => `${field}: ${error}`);
  const isBuild = trigger.type === 'Artifact' || trigger.type === 'Manifest' || trigger.type === 'MultiRegionArtifact';
  return {
    name: trigger.name,
    identifier: trigger.identifier,
    description: trigger.description,
    type: trigger.type,
    triggerStatus: {
      pollingSubscriptionStatus: null,
      validationStatus: {
        statusResult: faults.length > 0 ? 'FAILED' : 'SUCCESS',
        detailedMessage: faults.length > 0 ? faults.join('; ') : null,
      },
      webhookAutoRegistrationStatus: null,
    },
    lastTriggerExecutionDetails: null,
    webhookDetails:
      trigger.type === 'Webhook'
        ? { webhookSecret: trigger.webhookSecretRef, webhookSourceRepo: trigger.sourceType }
        : null,
    buildDetails: isBuild ? { buildType: trigger.sourceType } : null,
    tags: { ...trigger.tags },
    executions: [0, 0, 0, 0, 0, 0, 0],
    yaml: trigger.yaml,
    webhookUrl: webhookUrl(scope, trigger, publicUrl),
    registrationStatus: null,
    enabled: trigger.isEnabled,
  };
}

/** Where events for a trigger go: custom ones to the trigger itself, those of a provider to the account. */
function webhookUrl(scope: ProjectScope, trigger: Trigger, publicUrl: string): string | null {
  if (trigger.type !== 'Webhook') return null;
  const account = { accountIdentifier: scope.accountId };
  if (trigger.sourceType !== 'Custom')
    return `${publicUrl}/gateway/ng/api/webhook?${new URLSearchParams(account).toString()}`;
  const query = new URLSearchParams({
    ...account,
    orgIdentifier: scope.orgId,
    projectIdentifier: scope.projectId,
    pipelineIdentifier: trigger.target,
    triggerIdentifier: trigger.identifier,
  });
  return `${publicUrl}/gateway/pipeline/api/webhook/custom?${query.toString()}`;
}
