import { stringify } from 'yaml';
import type { ProjectRef } from './entities.js';

export interface ApplyPipeline {
  readonly identifier: string;
  readonly name: string;
  readonly schema: string;
  readonly instance: string;
  /** Connector of the place where the steps run. */
  readonly cluster: string;
  /** Tags the database after success. */
  readonly tag?: string | undefined;
  /** Label filter; every changeset runs without it. */
  readonly labels?: string | undefined;
  /** For example `10m`. */
  readonly timeout: string;
}

/** A pipeline of one Custom stage with one containerised step group that applies a schema to an instance (api-contract 6). */
export function applyPipelineYaml(at: ProjectRef, options: ApplyPipeline): string {
  const step = {
    identifier: 'apply',
    name: 'Apply changelog',
    type: 'DBSchemaApply',
    timeout: options.timeout,
    spec: {
      connectorRef: 'account.harnessImage',
      migrationType: 'Liquibase',
      dbSchema: options.schema,
      dbInstance: options.instance,
      ...(options.tag === undefined ? {} : { tag: options.tag }),
      ...(options.labels ? { globalSettings: { 'label-filter': options.labels } } : {}),
    },
  };
  const group = {
    identifier: 'migrate',
    name: 'Migrate',
    stepGroupInfra: { type: 'KubernetesDirect', spec: { connectorRef: options.cluster, namespace: 'sluice' } },
    steps: [{ step }],
  };
  const stage = {
    identifier: 'database',
    name: 'Database',
    type: 'Custom',
    spec: { execution: { steps: [{ stepGroup: group }] } },
  };
  return stringify({
    pipeline: {
      identifier: options.identifier,
      name: options.name,
      orgIdentifier: at.org,
      projectIdentifier: at.project,
      stages: [{ stage }],
    },
  });
}
