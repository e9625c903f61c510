import type { RouteDefinition } from '@sluice/api-conventions';
import { aggregateApiKey, aggregateApiKeys, aggregateTokens, createApiKey, createToken, deleteApiKey, deleteToken, listApiKeys, rotateToken, updateApiKey, updateToken } from './api-keys.js';
import { authenticateKey } from './authentication.js';
import {
  connectorCatalogue, createConnector, deleteConnector, getConnector, isConnectorIdentifierFree, listConnectors, listConnectorsV2, testConnector, testGitRepo, updateConnector,
} from './connectors.js';
import {
  createDelegateToken, delegateGroupsOfToken, delegatesOfTokenByPath, deleteDelegateToken, deleteDelegateTokenByPath, getDelegateToken, latestDelegateVersion, listDelegateTokens,
  listDelegates, revokeDelegateToken, revokeDelegateTokenByPath,
} from './delegates.js';
import { getEncryptionKeys, rotateEncryptionKeys } from './encryption-keys.js';
import { changelogPreview, connectorBranches, connectorCommits } from './git-browsing.js';
import { createOrganization, deleteOrganization, getOrganization, listOrganizations, updateOrganization } from './organizations.js';
import { aggregateUsers, getAccount, getCurrentUser, getUser } from './people.js';
import { createProject, deleteProject, getProject, listAllProjects, listProjects, updateProject } from './projects.js';
import {
  createSecret, createSecretFile, createSecretFromYaml, deleteSecret, filterSecrets, filterSecretsV2, getSecret, isSecretIdentifierFree, listSecrets, updateSecret, updateSecretFile,
  updateSecretFromYaml, validateSecret,
} from './secrets.js';
import { getSetting, listSettings, updateSettings } from './settings.js';
import { reportDbStep, resolveDbStepInputs, runSettings, sealSecrets } from './step-inputs.js';
import { v1CreateOrg, v1CreateProject, v1DeleteOrg, v1DeleteProject, v1GetOrg, v1GetProject, v1ListOrgs, v1ListProjects, v1UpdateOrg, v1UpdateProject } from './v1-twins.js';
import { v1AccountSecrets, v1OrgSecrets, v1ProjectSecrets } from './v1-secrets.js';
import { getYamlSchema } from './yaml-schema.js';

/** The contract of ng-manager besides the DB DevOps routes it forwards. */
export const ngManagerRoutes: readonly RouteDefinition[] = [
  listOrganizations, createOrganization, getOrganization, updateOrganization, deleteOrganization,
  listProjects, listAllProjects, createProject, getProject, updateProject, deleteProject,
  createConnector, updateConnector, getConnector, deleteConnector, listConnectors, listConnectorsV2, testConnector, testGitRepo, connectorCatalogue, isConnectorIdentifierFree,
  createSecret, updateSecret, getSecret, deleteSecret, listSecrets, filterSecrets, filterSecretsV2, isSecretIdentifierFree,
  createSecretFile, updateSecretFile, createSecretFromYaml, updateSecretFromYaml, validateSecret, getYamlSchema, getEncryptionKeys, rotateEncryptionKeys,
  ...[v1AccountSecrets, v1OrgSecrets, v1ProjectSecrets].flatMap((level): RouteDefinition[] => [level.list, level.create, level.get, level.update, level.delete]),
  getCurrentUser, aggregateUsers, getUser, getAccount,
  createApiKey, listApiKeys, updateApiKey, deleteApiKey, aggregateApiKeys, aggregateApiKey, createToken, updateToken, deleteToken, rotateToken, aggregateTokens,
  listSettings, updateSettings, getSetting,
  listDelegates, latestDelegateVersion,
  createDelegateToken, listDelegateTokens, getDelegateToken, revokeDelegateToken, revokeDelegateTokenByPath, deleteDelegateToken, deleteDelegateTokenByPath,
  delegateGroupsOfToken, delegatesOfTokenByPath,
  v1ListOrgs, v1CreateOrg, v1GetOrg, v1UpdateOrg, v1DeleteOrg, v1ListProjects, v1CreateProject, v1GetProject, v1UpdateProject, v1DeleteProject,
  changelogPreview, connectorBranches, connectorCommits,
  authenticateKey, resolveDbStepInputs, reportDbStep, sealSecrets, runSettings,
];
