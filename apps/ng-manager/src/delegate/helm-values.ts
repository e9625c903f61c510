import type { DelegateSetupDetails } from '@sluice/ng-manager-api';

const SIZES = {
  LAPTOP: { replicas: 1, cpu: '0.5', memory: '1Gi' },
  SMALL: { replicas: 1, cpu: '1', memory: '2Gi' },
  MEDIUM: { replicas: 2, cpu: '1', memory: '2Gi' },
  LARGE: { replicas: 4, cpu: '2', memory: '4Gi' },
} as const;

/** Values for an installation of a delegate, as YAML. Every text is written as a JSON string, which YAML reads as it is. Pure. */
export function helmValues(
  accountId: string,
  { name, description, size, tags, tokenName, runAsRoot }: DelegateSetupDetails,
  version: string,
): string {
  const { replicas, cpu, memory } = SIZES[size ?? 'SMALL'];
  const text = (value: string): string => JSON.stringify(value);
  return [
    `delegateName: ${text(name)}`,
    `description: ${text(description ?? '')}`,
    `accountId: ${text(accountId)}`,
    `# Kubernetes secret with the value of the token, plain or in base64.`,
    `delegateTokenName: ${text(tokenName ?? '')}`,
    `existingDelegateTokenSecret: ${text(`${name}-token`)}`,
    `image: ${text(`sluice/delegate:${version}`)}`,
    `tags: ${text((tags ?? []).join(','))}`,
    `replicas: ${replicas}`,
    `cpu: ${text(cpu)}`,
    `memory: ${text(memory)}`,
    `runAsRoot: ${runAsRoot ?? false}`,
    '',
  ].join('\n');
}
