import {
  CONNECTOR_CATEGORIES,
  CONNECTOR_TYPES,
  type ConnectorFilter,
  type ConnectorType,
} from '@sluice/ng-manager-api';
import { containing } from '@sluice/persistence';
import type { SelectQueryBuilder } from 'typeorm';
import type { ConnectorEntity } from './connector.entity.js';

const BY_PLATFORM = `(row.type = 'Local' OR coalesce(row.spec ->> 'executeOnDelegate', 'true') = 'false')`;
const INHERITS = `(coalesce(row.spec -> 'credential' ->> 'type', row.spec -> 'auth' ->> 'type', '') = 'InheritFromDelegate')`;

/** What a list shows: the filter of clients, what is left out whatever they ask, and whether the scopes above are looked at too. */
export interface ConnectorListing extends ConnectorFilter {
  readonly withParents: boolean;
  readonly withoutTypes?: readonly ConnectorType[];
}

/** Adds the conditions of a filter to a query whose alias is `row`. */
export function filterConnectors(query: SelectQueryBuilder<ConnectorEntity>, filter: ConnectorListing): void {
  if (filter.withoutTypes?.length)
    query.andWhere('row.type <> ALL(:withoutTypes)', { withoutTypes: filter.withoutTypes });
  const types = typesOf(filter);
  if (types) query.andWhere('row.type = ANY(:types)', { types });
  if (filter.connectorNames?.length) query.andWhere('row.name = ANY(:names)', { names: filter.connectorNames });
  if (filter.connectorIdentifiers?.length)
    query.andWhere('row.identifier = ANY(:identifiers)', { identifiers: filter.connectorIdentifiers });
  if (filter.connectivityStatuses?.length)
    query.andWhere(`coalesce(row.status ->> 'status', 'UNKNOWN') = ANY(:statuses)`, {
      statuses: filter.connectivityStatuses,
    });
  if (filter.connectorConnectivityModes?.length)
    query.andWhere(`CASE WHEN ${BY_PLATFORM} THEN 'MANAGER' ELSE 'DELEGATE' END = ANY(:modes)`, {
      modes: filter.connectorConnectivityModes,
    });
  if (typeof filter.inheritingCredentialsFromDelegate === 'boolean')
    query.andWhere(`${INHERITS} = :inherits`, { inherits: filter.inheritingCredentialsFromDelegate });
  if (filter.description)
    query.andWhere('row.description ILIKE :description', { description: containing(filter.description) });
  if (filter.tags && Object.keys(filter.tags).length > 0)
    query.andWhere('row.tags @> :tags', { tags: JSON.stringify(filter.tags) });
  if (filter.ccmConnectorFilter?.featuresEnabled?.length) query.andWhere('FALSE');
}

/** Types and categories both restrict; unknown ones leave nothing. */
function typesOf({ types, categories }: ConnectorFilter): readonly string[] | undefined {
  if (!categories?.length) return types?.length ? types : undefined;
  const inCategories = CONNECTOR_TYPES.filter((type) => categories.includes(CONNECTOR_CATEGORIES[type]));
  return types?.length ? inCategories.filter((type) => types.includes(type)) : inCategories;
}
