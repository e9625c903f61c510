import { Module, type DynamicModule } from '@nestjs/common';
import { deleteDbSchema, deleteDbSchemasOfProject, publicDbDevopsRoutes } from '@sluice/dbdevops-api';
import type { DelegateAdminMethods, DelegateTasksMethods } from '@sluice/delegate-rpc';
import type { ServiceClient } from '@sluice/grpc';
import { RouteClient } from '@sluice/http';
import { v1AccountSecrets, v1OrgSecrets, v1ProjectSecrets } from '@sluice/ng-manager-api';
import type { Logger, Metrics } from '@sluice/telemetry';
import { DataSource } from 'typeorm';
import { AdmissionService } from './access/admission.service.js';
import { ApiKeyController } from './access/api-key.controller.js';
import { ApiKeyService } from './access/api-key.service.js';
import { AuthenticationController } from './access/authentication.controller.js';
import { AuthenticationService } from './access/authentication.service.js';
import { AuthzController } from './access/authz.controller.js';
import { PeopleController } from './access/people.controller.js';
import { RoleController } from './access/role.controller.js';
import { DepartureService } from './access/departure.service.js';
import { KeptAccess } from './access/kept-access.service.js';
import { RoleService } from './access/role.service.js';
import { AuditCollector } from './audit/audit-collector.js';
import { AuditController } from './audit/audit.controller.js';
import { AuditService } from './audit/audit.service.js';
import { OutsideChanges } from './audit/outside-changes.js';
import { RefusedSignIns } from './audit/refused-sign-ins.js';
import { ChangelogLockController } from './changelog-lock/changelog-lock.controller.js';
import { ChangelogLockService } from './changelog-lock/changelog-lock.service.js';
import { ConnectorController } from './connector/connector.controller.js';
import { ConnectorService } from './connector/connector.service.js';
import { ConnectorTestService } from './connector/connector-test.service.js';
import { connectorV1Controllers } from './connector/connector-v1.controller.js';
import { SshKeys } from './connector/ssh-keys.js';
import { DbStepsService } from './db-steps/db-steps.service.js';
import { InternalController } from './db-steps/internal.controller.js';
import { DBDEVOPS_ROUTES, DbDevopsClient } from './dbdevops/dbdevops-client.js';
import { DbSchemaRemovalController } from './dbdevops/db-schema-removal.controller.js';
import { DbDevopsForwarder } from './dbdevops/dbdevops-forwarder.js';
import { forwardingController } from './dbdevops/dbdevops.controller.js';
import { ANSWER_LIMITS, type AnswerLimits } from './delegate/answer-limits.js';
import { DELEGATE_ADMIN, DELEGATE_TASKS, DelegateServiceClient } from './delegate/delegate-service-client.js';
import { DelegateTokenValues } from './delegate/delegate-token-values.js';
import { DeadLetterController } from './delegate/dead-letter.controller.js';
import { DeadLetterService } from './delegate/dead-letter.service.js';
import { DelegateController } from './delegate/delegate.controller.js';
import { DelegateService } from './delegate/delegate.service.js';
import { LOGGER, METRICS, TaskEvents } from './delegate/task-events.js';
import { EntityUseService } from './entity-use/entity-use.service.js';
import { StoredUses } from './entity-use/stored-uses.js';
import { FilingController } from './filing/filing.controller.js';
import { FilingService } from './filing/filing.service.js';
import { GitBrowsingController } from './git-browsing/git-browsing.controller.js';
import { GitBrowsingService, SCM_ROUTES } from './git-browsing/git-browsing.service.js';
import { DataKeys } from './encryption/data-keys.js';
import { EncryptionKeysController } from './encryption/encryption-keys.controller.js';
import { KEY_PROVIDER, type KeyProvider } from './encryption/key-provider.js';
import { KeyRotation } from './encryption/key-rotation.js';
import { OrganizationController } from './organization/organization.controller.js';
import { OrganizationV1Controller } from './organization/organization-v1.controller.js';
import { OrganizationService } from './organization/organization.service.js';
import { UnitOfWork } from './persistence/unit-of-work.js';
import { ProjectController } from './project/project.controller.js';
import { ProjectV1Controller } from './project/project-v1.controller.js';
import { ProjectService } from './project/project.service.js';
import { SealingService } from './secret/sealing.service.js';
import { SecretController } from './secret/secret.controller.js';
import { secretV1Controller } from './secret/secret-v1.controller.js';
import { SecretService } from './secret/secret.service.js';
import { SecretValidation } from './secret/secret-validation.js';
import { SecretValues } from './secret/secret-values.js';
import { SecurityEventController } from './security-event/security-event.controller.js';
import { DelegateSecurityEvents } from './security-event/delegate-security-events.js';
import { SECURITY_EVENT_RETENTION_DAYS, SecurityEvents } from './security-event/security-events.js';
import { ServiceAccountController } from './service-account/service-account.controller.js';
import { ServiceAccountService } from './service-account/service-account.service.js';
import { SettingController } from './setting/setting.controller.js';
import { SettingService } from './setting/setting.service.js';
import { UserController } from './user/user.controller.js';
import { UserService } from './user/user.service.js';
import { NotificationAddresses } from './user-group/notification-addresses.js';
import { UserGroupController } from './user-group/user-group.controller.js';
import { UserGroupService } from './user-group/user-group.service.js';
import { VariableController } from './variable/variable.controller.js';
import { VariableService } from './variable/variable.service.js';
import { YamlSchemaController } from './yaml-schema/yaml-schema.controller.js';

/** What is made outside Nest, because it is opened and closed with the process. */
export interface NgManagerParts {
  readonly dataSource: DataSource;
  readonly keys: KeyProvider;
  readonly dbdevops: RouteClient;
  readonly scm: RouteClient;
  readonly delegateAdmin: ServiceClient<DelegateAdminMethods>;
  readonly delegateTasks: ServiceClient<DelegateTasksMethods>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly securityEventRetentionDays: number;
  readonly answerLimits: AnswerLimits;
}

@Module({})
export class AppModule {
  static with(parts: NgManagerParts): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        AuthenticationController,
        PeopleController,
        UserController,
        ServiceAccountController,
        UserGroupController,
        RoleController,
        AuthzController,
        ApiKeyController,
        OrganizationController,
        OrganizationV1Controller,
        ProjectController,
        ProjectV1Controller,
        ConnectorController,
        ...connectorV1Controllers,
        SecretController,
        secretV1Controller(v1AccountSecrets),
        secretV1Controller(v1OrgSecrets),
        secretV1Controller(v1ProjectSecrets),
        EncryptionKeysController,
        YamlSchemaController,
        SettingController,
        VariableController,
        FilingController,
        AuditController,
        SecurityEventController,
        DelegateController,
        DeadLetterController,
        InternalController,
        GitBrowsingController,
        ChangelogLockController,
        DbSchemaRemovalController,
        forwardingController(
          publicDbDevopsRoutes.filter((route) => route !== deleteDbSchema && route !== deleteDbSchemasOfProject),
        ),
      ],
      providers: [
        { provide: DataSource, useValue: parts.dataSource },
        { provide: KEY_PROVIDER, useValue: parts.keys },
        { provide: DBDEVOPS_ROUTES, useValue: parts.dbdevops },
        { provide: SCM_ROUTES, useValue: parts.scm },
        { provide: DELEGATE_ADMIN, useValue: parts.delegateAdmin },
        { provide: DELEGATE_TASKS, useValue: parts.delegateTasks },
        { provide: LOGGER, useValue: parts.log },
        { provide: METRICS, useValue: parts.metrics },
        { provide: SECURITY_EVENT_RETENTION_DAYS, useValue: parts.securityEventRetentionDays },
        { provide: ANSWER_LIMITS, useValue: parts.answerLimits },
        UnitOfWork,
        AuditService,
        SecurityEvents,
        DelegateSecurityEvents,
        OutsideChanges,
        RefusedSignIns,
        AuditCollector,
        AuthenticationService,
        UserService,
        ServiceAccountService,
        NotificationAddresses,
        UserGroupService,
        RoleService,
        KeptAccess,
        AdmissionService,
        DepartureService,
        ApiKeyService,
        OrganizationService,
        ProjectService,
        ConnectorService,
        ConnectorTestService,
        ChangelogLockService,
        SshKeys,
        SecretService,
        DataKeys,
        SecretValues,
        SecretValidation,
        KeyRotation,
        SealingService,
        SettingService,
        VariableService,
        FilingService,
        DelegateServiceClient,
        DelegateTokenValues,
        DelegateService,
        DeadLetterService,
        TaskEvents,
        DbDevopsClient,
        DbDevopsForwarder,
        DbStepsService,
        EntityUseService,
        StoredUses,
        GitBrowsingService,
      ],
    };
  }
}
