import type { RouteDefinition } from '@sluice/api-conventions';
import { aggregateApiKey, aggregateApiKeys, aggregateTokens, createApiKey, createToken, deleteApiKey, deleteToken, listApiKeys, rotateToken, updateApiKey, updateToken } from './api-keys.js';
import { auditRoutes } from './audit.js';
import { authenticateKey, holderOfKey } from './authentication.js';
import { connectorFieldValues, connectorStatistics, listConnectorsByFqn } from './connector-directory.js';
import {
  connectorCatalogue, createConnector, deleteConnector, getConnector, isConnectorIdentifierFree, listConnectors, listConnectorsV2, testConnector, testGitRepo, updateConnector,
} from './connectors.js';
import { authzRoutes } from './authz.js';
import {
  createDelegateToken, delegateGroupsOfToken, generateHelmValues, delegatesOfTokenByPath, deleteDelegateToken, deleteDelegateTokenByPath, getDelegateToken, latestDelegateVersion, listDelegateTokens,
  listDelegates, revokeDelegateToken, revokeDelegateTokenByPath,
} from './delegates.js';
import { listSecurityEvents, receiveSecurityEvents } from './security-events.js';
import { listDeadLetters, redriveDeadLetter } from './dead-letters.js';
import { getEncryptionKeys, rotateEncryptionKeys } from './encryption-keys.js';
import { filingRoutes } from './filing.js';
import { recordEntityUses } from './entity-uses.js';
import { getChangelogLock, releaseChangelogLock } from './changelog-locks.js';
import { changelogPreview, connectorBranches, connectorCommits } from './git-browsing.js';
import { createOrganization, deleteOrganization, getOrganization, listOrganizations, updateOrganization } from './organizations.js';
import {
  addUsers, aggregateUsers, batchUsers, createUser, deleteUser, getAccount, getCallerPermissions, getCurrentUser, getUser, getUserAggregate, updateUser, updateUserInfo,
} from './people.js';
import { projectExistence } from './project-existence.js';
import { confirmRemovedProject, listRemovedProjects } from './removed-projects.js';
import { createProject, deleteProject, getProject, listAllProjects, listProjects, updateProject } from './projects.js';
import {
  createSecret, createSecretFile, createSecretFromYaml, deleteSecret, filterSecrets, filterSecretsV2, getSecret, isSecretIdentifierFree, listSecrets, updateSecret, updateSecretFile,
  updateSecretFromYaml, validateSecret,
} from './secrets.js';
import { createRoleAssignment, deleteRoleAssignment, getRoleAssignment, listRoleAssignments, listRoles } from './roles.js';
import {
  aggregateServiceAccount, aggregateServiceAccounts, createServiceAccount, deleteServiceAccount, getServiceAccount, listServiceAccounts, updateServiceAccount,
} from './service-accounts.js';
import { getSetting, listSettings, updateSettings } from './settings.js';
import { reportDbStep, resolveDbStepInputs, runSettings, sealSecrets } from './step-inputs.js';
import { variableRoutes } from './variables.js';
import {
  addGroupMember, createUserGroup, createUserGroupV2, deleteUserGroup, filterUserGroups, getUserGroup, isGroupMember, listGroupMembers, listUserGroups, removeGroupMember, updateUserGroup, updateUserGroupByPath, updateUserGroupV2,
} from './user-groups.js';
import { v1AccountConnectors, v1OrgConnectors, v1ProjectConnectors } from './v1-connectors.js';
import { v1CreateOrg, v1CreateProject, v1DeleteOrg, v1DeleteProject, v1GetOrg, v1GetProject, v1ListOrgs, v1ListProjects, v1UpdateOrg, v1UpdateProject } from './v1-twins.js';
import { v1AccountSecrets, v1OrgSecrets, v1ProjectSecrets } from './v1-secrets.js';
import { getYamlSchema } from './yaml-schema.js';

/** The contract of ng-manager besides the DB DevOps routes it forwards. */
export const ngManagerRoutes: readonly RouteDefinition[] = [
  listOrganizations, createOrganization, getOrganization, updateOrganization, deleteOrganization,
  listProjects, listAllProjects, createProject, getProject, updateProject, deleteProject,
  createConnector, updateConnector, getConnector, deleteConnector, listConnectors, listConnectorsV2, testConnector, testGitRepo, connectorCatalogue, isConnectorIdentifierFree,
  listConnectorsByFqn, connectorStatistics, connectorFieldValues,
  ...[v1AccountConnectors, v1OrgConnectors, v1ProjectConnectors].flatMap((level): RouteDefinition[] => [level.list, level.create, level.get, level.update, level.delete, level.test]),
  createSecret, updateSecret, getSecret, deleteSecret, listSecrets, filterSecrets, filterSecretsV2, isSecretIdentifierFree,
  createSecretFile, updateSecretFile, createSecretFromYaml, updateSecretFromYaml, validateSecret, getYamlSchema, getEncryptionKeys, rotateEncryptionKeys,
  ...[v1AccountSecrets, v1OrgSecrets, v1ProjectSecrets].flatMap((level): RouteDefinition[] => [level.list, level.create, level.get, level.update, level.delete]),
  getCurrentUser, getCallerPermissions, aggregateUsers, getUserAggregate, addUsers, batchUsers, createUser, updateUserInfo, getUser, updateUser, deleteUser, getAccount,
  createServiceAccount, updateServiceAccount, listServiceAccounts, getServiceAccount, deleteServiceAccount, aggregateServiceAccounts, aggregateServiceAccount,
  createUserGroup, updateUserGroup, updateUserGroupByPath, createUserGroupV2, updateUserGroupV2, listUserGroups, filterUserGroups, getUserGroup, deleteUserGroup, listGroupMembers, isGroupMember, addGroupMember, removeGroupMember,
  listRoles, createRoleAssignment, listRoleAssignments, getRoleAssignment, deleteRoleAssignment,
  createApiKey, listApiKeys, updateApiKey, deleteApiKey, aggregateApiKeys, aggregateApiKey, createToken, updateToken, deleteToken, rotateToken, aggregateTokens,
  listSettings, updateSettings, getSetting,
  listDelegates, latestDelegateVersion, generateHelmValues, listDeadLetters, redriveDeadLetter,
  createDelegateToken, listDelegateTokens, getDelegateToken, revokeDelegateToken, revokeDelegateTokenByPath, deleteDelegateToken, deleteDelegateTokenByPath,
  delegateGroupsOfToken, delegatesOfTokenByPath,
  v1ListOrgs, v1CreateOrg, v1GetOrg, v1UpdateOrg, v1DeleteOrg, v1ListProjects, v1CreateProject, v1GetProject, v1UpdateProject, v1DeleteProject,
  changelogPreview, connectorBranches, connectorCommits, getChangelogLock, releaseChangelogLock,
  ...authzRoutes, ...variableRoutes, ...filingRoutes,
  ...auditRoutes, listSecurityEvents, receiveSecurityEvents,
  authenticateKey, holderOfKey, projectExistence, listRemovedProjects, confirmRemovedProject, recordEntityUses, resolveDbStepInputs, reportDbStep, sealSecrets, runSettings,
];
