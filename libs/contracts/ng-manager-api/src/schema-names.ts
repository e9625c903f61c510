import { nameExports } from '@sluice/api-conventions';
import * as organizations from './organizations.js';
import * as projects from './projects.js';
import * as connectorSpec from './connector-spec.js';
import * as connectors from './connectors.js';
import * as connectorDirectory from './connector-directory.js';
import * as secretSpec from './secret-spec.js';
import * as secrets from './secrets.js';
import * as people from './people.js';
import * as userGroups from './user-groups.js';
import * as serviceAccounts from './service-accounts.js';
import * as roles from './roles.js';
import * as authz from './authz.js';
import * as apiKeys from './api-keys.js';
import * as deadLetters from './dead-letters.js';
import * as delegates from './delegates.js';
import * as settings from './settings.js';
import * as audit from './audit.js';
import * as securityEvents from './security-events.js';
import * as encryptionKeys from './encryption-keys.js';
import * as gitBrowsing from './git-browsing.js';
import * as stepInputs from './step-inputs.js';
import * as filing from './filing.js';
import * as variables from './variables.js';
import * as v1Twins from './v1-twins.js';
import * as v1Connectors from './v1-connectors.js';
import * as v1Secrets from './v1-secrets.js';
import * as yamlSchema from './yaml-schema.js';

/** Shapes are called after their exports in the documented API. Where two modules export the same word, the first has it. */
nameExports(
  organizations,
  projects,
  connectorSpec,
  connectors,
  connectorDirectory,
  secretSpec,
  secrets,
  people,
  userGroups,
  serviceAccounts,
  roles,
  authz,
  apiKeys,
  delegates,
  deadLetters,
  settings,
  audit,
  securityEvents,
  encryptionKeys,
  gitBrowsing,
  stepInputs,
  v1Twins,
  v1Connectors,
  v1Secrets,
  yamlSchema,
  variables,
  filing,
);
