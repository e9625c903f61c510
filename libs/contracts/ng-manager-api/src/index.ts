import './schema-names.js';
export {
  aggregateApiKey, aggregateApiKeys, aggregateTokens, createApiKey, createToken, deleteApiKey, deleteToken, listApiKeys, rotateToken, updateApiKey, updateToken,
  type ApiKey, type ApiKeyAggregate, type Token, type TokenAggregate, type TokenOut,
} from './api-keys.js';
export {
  getAuditEvent, getAuditYaml, getAuditYamlByQuery, listAuditEvents, receiveAuditEvents, verifyAuditTrail, type AuditDetail, type AuditEvent, type AuditFilter, type AuditYaml,
} from './audit.js';
export { authenticateKey, holderOfKey, type SignedIn } from './authentication.js';
export { connectorFieldValues, connectorStatistics, listConnectorsByFqn } from './connector-directory.js';
export { CONNECTOR_CATEGORIES, CONNECTOR_TYPES, GIT_CONNECTOR_TYPES, connector, connectorIn, type Connector, type ConnectorBody, type ConnectorType, type GitProviderSpec, type GitSpec, type K8sAuth } from './connector-spec.js';
export {
  connectivityStatus, connectorCatalogue, createConnector, deleteConnector, getConnector, isConnectorIdentifierFree, listConnectors, listConnectorsV2, testConnector, testGitRepo, updateConnector,
  type ConnectorFilter, type ConnectorResponse, type ConnectorStatus, type ValidationResult,
} from './connectors.js';
export { listSecurityEvents, receiveSecurityEvents, type SecurityEvent, type SecurityEventFilter } from './security-events.js';
export { listDeadLetters, redriveDeadLetter, type DeadLetter } from './dead-letters.js';
export {
  createDelegateToken, delegateGroupsOfToken, generateHelmValues, delegatesOfTokenByPath, deleteDelegateToken, deleteDelegateTokenByPath, getDelegateToken, latestDelegateVersion, listDelegateTokens,
  listDelegates, revokeDelegateToken, revokeDelegateTokenByPath, type Delegate, type DelegateFilter, type DelegateSetupDetails, type DelegateToken,
} from './delegates.js';
export { getEncryptionKeys, rotateEncryptionKeys, type EncryptionKeys, type KeyRotation } from './encryption-keys.js';
export { MOST_USES, recordEntityUses, usedKind, userKind } from './entity-uses.js';
export { getChangelogLock, releaseChangelogLock } from './changelog-locks.js';
export { changelogPreview, connectorBranches, connectorCommits } from './git-browsing.js';
export { createOrganization, deleteOrganization, getOrganization, listOrganizations, organization, updateOrganization, type Organization, type OrganizationResponse } from './organizations.js';
export {
  addUsers, aggregateUsers, batchUsers, createUser, deleteUser, getAccount, getCallerPermissions, getCurrentUser, getUser, getUserAggregate, updateUser, updateUserInfo,
  type AddUserResult, type ParentFilter, type RoleAssignmentMetadata, type UserAggregate, type UserInfo, type UserMetadata,
} from './people.js';
export { projectExistence, type ProjectExistence } from './project-existence.js';
export { MOST_REMOVED, confirmRemovedProject, listRemovedProjects, type RemovedProject } from './removed-projects.js';
export { createProject, deleteProject, getProject, listAllProjects, listProjects, project, updateProject, type Project, type ProjectResponse } from './projects.js';
export {
  ALL_RESOURCES, createRoleAssignment, deleteRoleAssignment, getRoleAssignment, listRoleAssignments, listRoles,
  type RoleAssignmentIn, type RoleAssignmentResponse, type RoleResponse, type ScopeLevel,
} from './roles.js';
export {
  RESOURCE_GROUPS, authzAggregateRoleAssignments, authzCreateRole, authzCreateRoleAssignment, authzCreateRoleAssignments, authzDeleteRole, authzDeleteRoleAssignment, authzFilterRoleAssignments, authzFilterRoleAssignmentsByScope, authzGetRole,
  authzGetRoleAssignment, authzListPermissions, authzListRoleAssignments, authzListRoles, authzUpdateRole, authzUpdateRoleAssignment, authzValidateRoleAssignment, createResourceGroup, deleteResourceGroup,
  filterResourceGroups, getResourceGroup, listResourceGroups, updateResourceGroup,
  type AuthzRole, type AuthzRoleAssignment, type AuthzRoleAssignmentFilter, type AuthzRoleAssignmentResponse, type KeptResourceGroup, type KeptRole, type ResourceGroupName, type ResourceGroupResponse,
} from './authz.js';
export { ngManagerRoutes } from './routes.js';
export {
  RESERVED_SECRET_IDENTIFIERS, SECRET_TYPES, secret, secretIn, type Secret, type SecretBody, type SecretFileSpec, type SecretTextSpec, type SecretType, type SshKeySpec,
} from './secret-spec.js';
export {
  createSecret, createSecretFile, createSecretFromYaml, deleteSecret, filterSecrets, filterSecretsV2, getSecret, isSecretIdentifierFree, listSecrets, updateSecret, updateSecretFile,
  updateSecretFromYaml, validateSecret, type SecretResponse,
} from './secrets.js';
export {
  aggregateServiceAccount, aggregateServiceAccounts, createServiceAccount, deleteServiceAccount, getServiceAccount, listServiceAccounts, updateServiceAccount,
  type ServiceAccount, type ServiceAccountAggregate, type ServiceAccountOut,
} from './service-accounts.js';
export { getSetting, listSettings, updateSettings, type SettingItem, type SettingRequest } from './settings.js';
export { dbStepInputs, reportDbStep, resolveDbStepInputs, runSettings, sealSecrets, type DbStepInputs } from './step-inputs.js';
export {
  v1CreateOrg, v1CreateProject, v1DeleteOrg, v1DeleteProject, v1GetOrg, v1GetProject, v1ListOrgs, v1ListProjects, v1UpdateOrg, v1UpdateProject,
  type V1OrgIn, type V1OrgOut, type V1ProjectIn, type V1ProjectOut,
} from './v1-twins.js';
export { v1AccountSecrets, v1OrgSecrets, v1ProjectSecrets, type V1SecretIn, type V1SecretOut, type V1SecretRoutes, type V1SecretSpec } from './v1-secrets.js';
export {
  createEnvironment, createInfrastructure, createService, deleteEnvironment, deleteInfrastructure, deleteService, getEnvironment, getInfrastructure, getService, listEnvironments, listInfrastructures, listServices,
  FILING_KINDS, updateEnvironment, updateInfrastructure, updateService, upsertEnvironment, upsertInfrastructure, upsertService, type EnvironmentResponse, type FilingKind, type InfrastructureResponse, type ServiceResponse,
} from './filing.js';
export { MOST_NAMED_VARIABLES, createVariable, deleteVariable, getVariable, listVariables, resolveVariables, updateVariable, type Variable, type VariableResponse } from './variables.js';
export { YAML_ENTITY_TYPES, getYamlSchema, type YamlEntityType } from './yaml-schema.js';
export {
  ALL_USERS_GROUP, addGroupMember, createUserGroup, createUserGroupV2, deleteUserGroup, filterUserGroups, getUserGroup, isGroupMember, listGroupMembers, listUserGroups, removeGroupMember, updateUserGroup, updateUserGroupByPath,
  updateUserGroupV2, type GroupReach, type NotificationConfig, type UserGroup, type UserGroupOut, type UserGroupOutV2, type UserGroupV2,
} from './user-groups.js';
export { v1AccountConnectors, v1OrgConnectors, v1ProjectConnectors, type V1ConnectorIn, type V1ConnectorOut, type V1ConnectorRoutes, type V1ConnectorTestOut } from './v1-connectors.js';
