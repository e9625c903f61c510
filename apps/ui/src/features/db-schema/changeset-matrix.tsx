import { Box, Text } from '@mantine/core';

import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeParams } from '../project/use-project-scope.js';
import { ChangesetCell } from './changeset-cell.js';
import classes from './changeset-matrix.module.css';
import { cellOf } from './changeset-status.js';
import type { Changeset, DbInstance, MigrationState } from './db-schema.api.js';
import { formatTimestamp, fromEpoch } from '../../time/relative-time.js';

interface ChangesetMatrixProps {
  readonly scope: ProjectScope;
  readonly schemaId: string;
  readonly state: MigrationState;
  /** Where from and with which tag, for the column heads; may be missing. */
  readonly details: readonly DbInstance[];
  /** By changeset. */
  readonly labels: ReadonlyMap<string, string>;
}

/** Keeps the line's height. */
const NOTHING = '\u00a0';

/** Changesets from top to bottom, instances from left to right. */
export function ChangesetMatrix({ scope, schemaId, state, details, labels }: ChangesetMatrixProps) {
  const { instances, changesets } = state;
  return (
    <Box className={classes.scroll} tabIndex={0} role="region" aria-label="Changesets by instance">
      <table className={classes.table} aria-label="Changesets by instance">
        <thead>
          <tr>
            <th scope="col" className={classes.corner}>
              Changeset
            </th>
            {instances.map((instance) => (
              <th scope="col" key={instance.identifier}>
                <PageLink
                  to={PATHS.dbInstance}
                  params={{ ...scopeParams(scope), schema: schemaId, instance: instance.identifier }}
                  size="sm"
                  fw={600}
                >
                  {instance.name}
                </PageLink>
                <InstanceFacts
                  instance={details.find((item) => item.identifier === instance.identifier)}
                  stateUnknownSince={instance.stateUnknownSince}
                />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {changesets.map((changeset) => (
            <tr key={changeset.changeSetFQN} data-testid="changeset-row" data-changeset={changeset.changeSet}>
              <ChangesetHead changeset={changeset} labels={labels.get(changeset.changeSetFQN)} />
              {instances.map((instance) => (
                <td key={instance.identifier}>
                  <ChangesetCell
                    scope={scope}
                    changeset={changeset}
                    instanceName={instance.name}
                    cell={cellOf(changeset, instance.identifier)}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Box>
  );
}

function ChangesetHead({ changeset, labels }: { readonly changeset: Changeset; readonly labels: string | undefined }) {
  return (
    <th scope="row">
      <Text size="sm" fw={600} className="break-anywhere">
        {changeset.changeSet}
      </Text>
      <Text size="xs" c="dimmed" className="truncate" title={`${changeset.author} · ${changeset.fileName}`}>
        {changeset.author} · {changeset.fileName}
      </Text>
      {labels && (
        <Text size="xs" c="dimmed" className="truncate" title={labels}>
          labels {labels}
        </Text>
      )}
    </th>
  );
}

function InstanceFacts({
  instance,
  stateUnknownSince,
}: {
  readonly instance: DbInstance | undefined;
  readonly stateUnknownSince: number | undefined;
}) {
  const ref = instance?.branch || instance?.gitTag || instance?.commitSha?.slice(0, 10);
  const source = [ref, instance?.context ? `context ${instance.context}` : ''].filter(Boolean).join(' · ');
  return (
    <>
      <Text size="xs" c="dimmed" fw={400} className="truncate" title={source}>
        {source || NOTHING}
      </Text>
      <Text size="xs" c="dimmed" fw={400} className="truncate" title={instance?.lastAppliedTag ?? ''}>
        {instance?.lastAppliedTag ? `tag ${instance.lastAppliedTag}` : NOTHING}
      </Text>
      {stateUnknownSince !== undefined && (
        <Text
          size="xs"
          c="orange"
          fw={600}
          title="The result of a run was lost, or it could not read the database's history. What is shown is from before; the next run sets it right."
        >
          not known since {formatTimestamp(fromEpoch(stateUnknownSince))}
        </Text>
      )}
    </>
  );
}
