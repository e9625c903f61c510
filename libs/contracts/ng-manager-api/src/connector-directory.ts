import { defineRoute } from '@sluice/api-conventions';
import { z } from 'zod';
import { CONNECTOR_TYPES } from './connector-spec.js';
import { connectivityStatus, connectorResponse } from './connectors.js';
import { ngAccount, ngScope } from './places.js';

/**
 * Connectors by their full names, of any scope: `account/identifier`, `account/org/identifier`, `account/org/project/identifier`. What does not exist or
 * may not be seen is left out. Project-level scope keys beside it are not looked at.
 */
export const listConnectorsByFqn = defineRoute({
  id: 'listConnectorsByFqn',
  method: 'POST',
  path: '/ng/api/connectors/listbyfqn',
  summary: 'Read connectors by their full names',
  style: 'ng',
  access: 'authenticated',
  callers: ['gateway', 'pipeline'],
  query: ngAccount,
  body: z.array(z.string().max(600)).max(1000, 'at most 1000 names'),
  response: z.array(connectorResponse),
});

const count = z.int();

/** How many connectors of exactly this scope there are, by type and by the outcome of their last test. */
export const connectorStatistics = defineRoute({
  id: 'connectorStatistics',
  method: 'GET',
  path: '/ng/api/connectors/stats',
  summary: 'Count connectors by type and status',
  style: 'ng',
  access: { permission: 'connector.view' },
  query: ngScope,
  response: z.object({
    typeStats: z.array(z.object({ type: z.enum(CONNECTOR_TYPES), count })),
    statusStats: z.array(z.object({ status: connectivityStatus, count })),
  }),
});

/** The values the keys of a connector filter can have. */
export const connectorFieldValues = defineRoute({
  id: 'connectorFieldValues',
  method: 'GET',
  path: '/ng/api/connectors/fieldValues',
  summary: 'Values for the keys of a connector filter',
  style: 'ng',
  access: { permission: 'connector.view' },
  query: ngScope,
  response: z.object({ fieldValues: z.record(z.string(), z.array(z.string())) }),
});
