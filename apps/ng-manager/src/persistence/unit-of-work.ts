import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AccountRepository } from '../account/account.repository.js';
import { ApiKeyRepository } from '../access/api-key.repository.js';
import { KeptAccessRepository } from '../access/kept-access.repository.js';
import { RoleBindingRepository } from '../access/role-binding.repository.js';
import { AuditReads } from '../audit/audit-reads.js';
import { AuditRepository } from '../audit/audit.repository.js';
import { OutsideChangeRepository } from '../audit/outside-change.repository.js';
import { RefusedSignInRepository } from '../audit/refused-sign-in.repository.js';
import { ScopeContents } from '../audit/scope-contents.js';
import { ConnectorRepository } from '../connector/connector.repository.js';
import { ChangelogLockTaskRepository } from '../changelog-lock/changelog-lock-task.repository.js';
import { ConnectorTestRepository } from '../connector/connector-test.repository.js';
import { DelegateTokenValueRepository } from '../delegate/delegate-token-value.repository.js';
import { EntityUseRepository } from '../entity-use/entity-use.repository.js';
import { FilingRepository } from '../filing/filing.repository.js';
import { OrganizationRepository } from '../organization/organization.repository.js';
import { ProjectRepository } from '../project/project.repository.js';
import { RemovedProjectRepository } from '../project/removed-project.repository.js';
import { SecretRepository } from '../secret/secret.repository.js';
import { ServiceAccountRepository } from '../service-account/service-account.repository.js';
import { SecurityEventRepository } from '../security-event/security-event.repository.js';
import { SettingRepository } from '../setting/setting.repository.js';
import { UserRepository } from '../user/user.repository.js';
import { UserGroupRepository } from '../user-group/user-group.repository.js';
import { VariableRepository } from '../variable/variable.repository.js';

/** All repositories on one connection or transaction. */
export class Stores {
  readonly accounts: AccountRepository;
  readonly users: UserRepository;
  readonly serviceAccounts: ServiceAccountRepository;
  readonly userGroups: UserGroupRepository;
  readonly roleBindings: RoleBindingRepository;
  readonly keptAccess: KeptAccessRepository;
  readonly apiKeys: ApiKeyRepository;
  readonly organizations: OrganizationRepository;
  readonly projects: ProjectRepository;
  readonly removedProjects: RemovedProjectRepository;
  readonly connectors: ConnectorRepository;
  readonly connectorTests: ConnectorTestRepository;
  readonly changelogLockTasks: ChangelogLockTaskRepository;
  readonly secrets: SecretRepository;
  readonly delegateTokenValues: DelegateTokenValueRepository;
  readonly uses: EntityUseRepository;
  readonly settings: SettingRepository;
  readonly variables: VariableRepository;
  readonly filing: FilingRepository;
  readonly audit: AuditRepository;
  readonly auditReads: AuditReads;
  readonly outsideChanges: OutsideChangeRepository;
  readonly refusedSignIns: RefusedSignInRepository;
  readonly securityEvents: SecurityEventRepository;
  readonly scopeContents: ScopeContents;

  constructor(manager: EntityManager) {
    this.accounts = new AccountRepository(manager);
    this.users = new UserRepository(manager);
    this.serviceAccounts = new ServiceAccountRepository(manager);
    this.userGroups = new UserGroupRepository(manager);
    this.roleBindings = new RoleBindingRepository(manager);
    this.keptAccess = new KeptAccessRepository(manager);
    this.apiKeys = new ApiKeyRepository(manager);
    this.organizations = new OrganizationRepository(manager);
    this.projects = new ProjectRepository(manager);
    this.removedProjects = new RemovedProjectRepository(manager);
    this.connectors = new ConnectorRepository(manager);
    this.connectorTests = new ConnectorTestRepository(manager);
    this.changelogLockTasks = new ChangelogLockTaskRepository(manager);
    this.secrets = new SecretRepository(manager);
    this.delegateTokenValues = new DelegateTokenValueRepository(manager);
    this.uses = new EntityUseRepository(manager);
    this.settings = new SettingRepository(manager);
    this.variables = new VariableRepository(manager);
    this.filing = new FilingRepository(manager);
    this.audit = new AuditRepository(manager);
    this.auditReads = new AuditReads(manager);
    this.outsideChanges = new OutsideChangeRepository(manager);
    this.refusedSignIns = new RefusedSignInRepository(manager);
    this.securityEvents = new SecurityEventRepository(manager);
    this.scopeContents = new ScopeContents(manager);
  }
}

/** Where transactions begin: one per use case, opened by services only, never held across a call to another service. */
@Injectable()
export class UnitOfWork {
  /** For reads outside a transaction. */
  readonly read: Stores;

  constructor(private readonly dataSource: DataSource) {
    this.read = new Stores(dataSource.manager);
  }

  run<T>(work: (stores: Stores) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(async (manager) => {
      const stores = new Stores(manager);
      const result = await work(stores);
      await stores.audit.flush();
      return result;
    });
  }
}
