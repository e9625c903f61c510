import { createDataSource, openDataSource } from '@sluice/persistence';
import type { DataSource } from 'typeorm';
import { ApiKeyEntity, ApiTokenEntity } from './access/api-key.entity.js';
import { KeptAccessEntity } from './access/kept-access.entity.js';
import { RoleBindingEntity } from './access/role-binding.entity.js';
import { AccountDataKeyEntity, AccountEntity } from './account/account.entity.js';
import { AuditChainEntity, AuditEventEntity } from './audit/audit-event.entity.js';
import { OutsideChangeEntity } from './audit/outside-change.entity.js';
import { RefusedSignInEntity } from './audit/refused-sign-in.entity.js';
import { ChangelogLockTaskEntity } from './changelog-lock/changelog-lock-task.entity.js';
import { ConnectorEntity, ConnectorTestEntity } from './connector/connector.entity.js';
import { DelegateTokenValueEntity } from './delegate/delegate-token-value.entity.js';
import { CreateNgManager1767225600000 } from './migrations/1767225600000-create-ng-manager.js';
import { Principals1795401000000 } from './migrations/1795401000000-principals.js';
import { VersionOrganizationsAndProjects1795401100000 } from './migrations/1795401100000-version-organizations-and-projects.js';
import { PrivateSecrets1795403000000 } from './migrations/1795403000000-private-secrets.js';
import { ChainAuditEvents1795404000000 } from './migrations/1795404000000-chain-audit-events.js';
import { CreateOutsideChanges1795404000001 } from './migrations/1795404000001-create-outside-changes.js';
import { IndexAuditEvents1795404000002 } from './migrations/1795404000002-index-audit-events.js';
import { KeepDelegateTokenValues1795409000000 } from './migrations/1795409000000-keep-delegate-token-values.js';
import { UniqueEntityUses1795410000000 } from './migrations/1795410000000-unique-entity-uses.js';
import { CreateRemovedProjects1795420000000 } from './migrations/1795420000000-create-removed-projects.js';
import { RememberWhoTestsConnectors1795424000000 } from './migrations/1795424000000-remember-who-tests-connectors.js';
import { AuthoriseEntityUses1795500000000 } from './migrations/1795500000000-authorise-entity-uses.js';
import { KeepWrittenRoles1795512000000 } from './migrations/1795512000000-keep-written-roles.js';
import { OrderGroupMembers1795512100000 } from './migrations/1795512100000-order-group-members.js';
import { CreateChangelogLockTasks1796070000000 } from './migrations/1796070000000-create-changelog-lock-tasks.js';
import { KeepGroupNotifications1796081000000 } from './migrations/1796081000000-keep-group-notifications.js';
import { CreateKeptAccess1796082000000 } from './migrations/1796082000000-create-kept-access.js';
import { CreateSecurityEvents1796060000000 } from './migrations/1796060000000-create-security-events.js';
import { ReceiveSecurityEvents1796210000000 } from './migrations/1796210000000-receive-security-events.js';
import { CreateVariables1796312000000 } from './migrations/1796312000000-create-variables.js';
import { FilingEntity } from './filing/filing.entity.js';
import { CreateFiling1796313000000 } from './migrations/1796313000000-create-filing.js';
import { OrderEntityUses1796333000000 } from './migrations/1796333000000-order-entity-uses.js';
import { OrganizationEntity } from './organization/organization.entity.js';
import { EntityUseEntity, EntityUseTurnEntity } from './entity-use/entity-use.entity.js';
import { ProjectEntity } from './project/project.entity.js';
import { RemovedProjectEntity } from './project/removed-project.entity.js';
import { SecretEntity } from './secret/secret.entity.js';
import { SecurityEventEntity, SecurityEventReceiptEntity } from './security-event/security-event.entity.js';
import { ServiceAccountEntity } from './service-account/service-account.entity.js';
import { SettingEntity } from './setting/setting.entity.js';
import { VariableEntity } from './variable/variable.entity.js';
import { UserEntity } from './user/user.entity.js';
import { UserGroupEntity, UserGroupMemberEntity } from './user-group/user-group.entity.js';

/** Connects to NG manager's own database and migrates it. */
export function openDatabase(url: string, poolSize: number): Promise<DataSource> {
  return openDataSource(
    createDataSource({
      app: 'ng-manager',
      url,
      poolSize,
      entities: [
        AccountEntity,
        AccountDataKeyEntity,
        UserEntity,
        ServiceAccountEntity,
        UserGroupEntity,
        UserGroupMemberEntity,
        RoleBindingEntity,
        KeptAccessEntity,
        ApiKeyEntity,
        ApiTokenEntity,
        OrganizationEntity,
        ProjectEntity,
        RemovedProjectEntity,
        ConnectorEntity,
        ConnectorTestEntity,
        ChangelogLockTaskEntity,
        SecretEntity,
        EntityUseEntity,
        EntityUseTurnEntity,
        SettingEntity,
        AuditEventEntity,
        AuditChainEntity,
        OutsideChangeEntity,
        RefusedSignInEntity,
        SecurityEventEntity,
        SecurityEventReceiptEntity,
        DelegateTokenValueEntity,
        VariableEntity,
        FilingEntity,
      ],
      migrations: [
        CreateNgManager1767225600000,
        Principals1795401000000,
        VersionOrganizationsAndProjects1795401100000,
        PrivateSecrets1795403000000,
        ChainAuditEvents1795404000000,
        CreateOutsideChanges1795404000001,
        IndexAuditEvents1795404000002,
        KeepDelegateTokenValues1795409000000,
        UniqueEntityUses1795410000000,
        CreateRemovedProjects1795420000000,
        RememberWhoTestsConnectors1795424000000,
        AuthoriseEntityUses1795500000000,
        KeepWrittenRoles1795512000000,
        OrderGroupMembers1795512100000,
        CreateSecurityEvents1796060000000,
        CreateChangelogLockTasks1796070000000,
        KeepGroupNotifications1796081000000,
        CreateKeptAccess1796082000000,
        ReceiveSecurityEvents1796210000000,
        CreateVariables1796312000000,
        CreateFiling1796313000000,
        OrderEntityUses1796333000000,
      ],
    }),
  );
}
