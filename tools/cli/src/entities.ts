import { messageOf } from '@sluice/kernel';
import { z } from 'zod';
import type { EntityNames } from './entity-names.js';
import type { GatewayClient } from './gateway-client.js';

/** Where a project's entities live. */
export interface ProjectRef {
  readonly org: string;
  readonly project: string;
}

export interface GitRef {
  readonly branch?: string;
  readonly commitSha?: string;
  readonly gitTag?: string;
}

const named = z.looseObject({ name: z.string() });

/** What an entity is called, and its address. */
interface CreatedEntity {
  readonly what: string;
  readonly path: string;
  readonly query: Record<string, string>;
}

/** Creates or updates the entities of a deployment. Every method may be repeated; a second call with the same values changes nothing. */
export class Entities {
  /** What this object created, in order: how to remove it, and what to call it. */
  private readonly created: CreatedEntity[] = [];

  constructor(
    private readonly gateway: GatewayClient,
    private readonly at: ProjectRef,
  ) {}

  /** Removes what this object created, the newest first. Answers what could not be removed, and why. */
  async removeCreated(): Promise<string[]> {
    const kept: string[] = [];
    for (const { what, path, query } of this.created.splice(0).reverse()) {
      await this.gateway
        .call('DELETE', path, { query })
        .catch((cause: unknown) => kept.push(`${what} (${messageOf(cause)})`));
    }
    return kept;
  }

  /** Removes what {@link entityNamesOf} names, where it is there. Answers what was removed. @throws GatewayError */
  async removeAll(names: EntityNames): Promise<string[]> {
    const places = [
      [`pipeline ${names.pipeline}`, `/pipeline/api/pipelines/${names.pipeline}`, this.scope],
      [`DB instance ${names.instance}`, `${this.v1}/dbschema/${names.schema}/instance/${names.instance}`, {}],
      [`DB schema ${names.schema}`, `${this.v1}/dbschema/${names.schema}`, {}],
      ...[names.databaseConnector, names.gitConnector, names.cluster].map(
        (one) => [`connector ${one}`, `/ng/api/connectors/${one}`, this.scope] as const,
      ),
      ...[names.passwordSecret, names.gitSecret, names.gitKey].map(
        (one) => [`secret ${one}`, `/ng/api/v2/secrets/${one}`, this.scope] as const,
      ),
    ] as const;
    const removed: string[] = [];
    for (const [what, path, query] of places) {
      if (!(await this.gateway.find(path, { query }))) continue;
      await this.gateway.call('DELETE', path, { query });
      removed.push(what);
    }
    return removed;
  }

  /** Name of a DB schema; undefined when it does not exist. */
  async nameOfSchema(identifier: string): Promise<string | undefined> {
    const found = await this.gateway.find(`${this.v1}/dbschema/${identifier}`);
    return found === undefined ? undefined : named.parse(found).name;
  }

  /** Organization and project; existing ones are left as they are. */
  async ensureProject(names: { readonly org: string; readonly project: string }): Promise<void> {
    const account = { accountIdentifier: this.gateway.accountId };
    await this.create(
      { what: `organization ${this.at.org}`, path: `/ng/api/organizations/${this.at.org}`, query: account },
      '/ng/api/organizations',
      { body: { organization: { identifier: this.at.org, name: names.org } } },
    );
    const inOrg = { ...account, orgIdentifier: this.at.org };
    await this.create(
      { what: `project ${this.at.project}`, path: `/ng/api/projects/${this.at.project}`, query: inOrg },
      '/ng/api/projects',
      {
        body: {
          project: { orgIdentifier: this.at.org, identifier: this.at.project, name: names.project, modules: ['DBOPS'] },
        },
      },
    );
  }

  async putTextSecret(identifier: string, name: string, value: string): Promise<void> {
    const secret = {
      type: 'SecretText',
      identifier,
      name,
      ...this.scopeInBody(),
      spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value },
    };
    await this.put({ one: `/ng/api/v2/secrets/${identifier}`, all: '/ng/api/v2/secrets', body: { secret } });
  }

  async putJdbcConnector(
    identifier: string,
    name: string,
    options: { readonly url: string; readonly username: string; readonly passwordRef: string },
  ): Promise<void> {
    await this.putConnector(identifier, name, 'JDBC', {
      url: options.url,
      auth: { type: 'UsernamePassword', spec: { username: options.username, passwordRef: options.passwordRef } },
      delegateSelectors: [],
      executeOnDelegate: true,
    });
  }

  /** A repository over HTTP. Without credentials it is read anonymously. */
  async putGitConnector(
    identifier: string,
    name: string,
    options: {
      readonly url: string;
      readonly username?: string | undefined;
      readonly passwordRef?: string | undefined;
    },
  ): Promise<void> {
    const credentials =
      options.username && options.passwordRef ? { username: options.username, passwordRef: options.passwordRef } : {};
    await this.putConnector(identifier, name, 'Git', {
      url: options.url,
      type: 'Http',
      connectionType: 'Repo',
      spec: credentials,
      delegateSelectors: [],
      executeOnDelegate: true,
    });
  }

  /** A repository over SSH. `keyRef` is a text secret with the private key. */
  async putSshGitConnector(
    identifier: string,
    name: string,
    options: { readonly url: string; readonly keyRef: string },
  ): Promise<void> {
    await this.putConnector(identifier, name, 'Git', {
      url: options.url,
      type: 'Ssh',
      connectionType: 'Repo',
      spec: { sshKeyRef: options.keyRef },
      delegateSelectors: [],
      executeOnDelegate: true,
    });
  }

  /** The place where the delegate itself runs its pods; it needs no credentials. */
  async putClusterConnector(identifier: string, name: string): Promise<void> {
    await this.putConnector(identifier, name, 'K8sCluster', {
      credential: { type: 'InheritFromDelegate' },
      delegateSelectors: [],
    });
  }

  async putSchema(
    identifier: string,
    name: string,
    changelog: {
      readonly connector: string;
      readonly location: string;
      readonly searchPath?: readonly string[];
      readonly filePrefix?: string;
    },
  ): Promise<void> {
    const body = { identifier, name, type: 'Repository', migrationType: 'Liquibase', changelog };
    await this.putV1(`${this.v1}/dbschema`, identifier, body);
  }

  async putInstance(
    schema: string,
    identifier: string,
    name: string,
    options: {
      readonly connector: string;
      readonly ref: GitRef;
      readonly context: string;
      readonly parameters?: Readonly<Record<string, string>>;
    },
  ): Promise<void> {
    const body = {
      identifier,
      name,
      connector: options.connector,
      ...options.ref,
      context: options.context,
      substituteProperties: options.parameters ?? {},
    };
    await this.putV1(`${this.v1}/dbschema/${schema}/instance`, identifier, body);
  }

  async putPipeline(identifier: string, yaml: string): Promise<void> {
    const entity = { what: `pipeline ${identifier}`, path: `/pipeline/api/pipelines/${identifier}`, query: this.scope };
    if (await this.create(entity, '/pipeline/api/pipelines/v2', { yaml })) return;
    await this.gateway.call('PUT', `/pipeline/api/pipelines/v2/${identifier}`, { query: this.scope, yaml });
  }

  private get v1(): string {
    return `/v1/orgs/${this.at.org}/projects/${this.at.project}`;
  }

  private get scope(): Record<string, string> {
    return { accountIdentifier: this.gateway.accountId, ...this.scopeInBody() };
  }

  private scopeInBody(): { orgIdentifier: string; projectIdentifier: string } {
    return { orgIdentifier: this.at.org, projectIdentifier: this.at.project };
  }

  private async putConnector(identifier: string, name: string, type: string, spec: object): Promise<void> {
    const connector = { identifier, name, ...this.scopeInBody(), type, spec };
    // A connector's update has no identifier in its path (api-contract 3.1).
    await this.put({
      one: `/ng/api/connectors/${identifier}`,
      all: '/ng/api/connectors',
      update: '/ng/api/connectors',
      body: { connector },
    });
  }

  private async put(entity: {
    readonly one: string;
    readonly all: string;
    readonly update?: string;
    readonly body: object;
  }): Promise<void> {
    if (await this.create({ what: entity.one, path: entity.one, query: this.scope }, entity.all, { body: entity.body }))
      return;
    await this.gateway.call('PUT', entity.update ?? entity.one, { query: this.scope, body: entity.body });
  }

  private async putV1(collection: string, identifier: string, body: object): Promise<void> {
    const path = `${collection}/${identifier}`;
    if (await this.create({ what: path, path, query: {} }, collection, { body })) return;
    await this.gateway.call('PUT', path, { body });
  }

  /** @returns false when it is there already, also when another client creates it at this moment */
  private async create(
    entity: CreatedEntity,
    collection: string,
    content: { readonly body?: object; readonly yaml?: string },
  ): Promise<boolean> {
    const isThere = async (): Promise<boolean> =>
      (await this.gateway.find(entity.path, { query: entity.query })) !== undefined;
    if (await isThere()) return false;
    try {
      await this.gateway.call('POST', collection, { query: entity.query, ...content });
    } catch (cause) {
      if (await isThere()) return false;
      throw cause;
    }
    this.created.push(entity);
    return true;
  }
}

const preview = z.looseObject({ path: z.string(), commit: z.string(), sizeBytes: z.number() });
export type ChangelogPreview = z.infer<typeof preview>;

/** The changelog of a schema as the control plane sees it at a ref. @throws GatewayError also when only delegates can reach the repository */
export async function previewChangelog(
  gateway: GatewayClient,
  at: ProjectRef,
  schema: string,
  ref: GitRef,
): Promise<ChangelogPreview> {
  const path = `/v1/orgs/${at.org}/projects/${at.project}/dbschema/${schema}/changelog-preview`;
  return preview.parse(await gateway.call('GET', path, { query: { ref: ref.commitSha ?? ref.gitTag ?? ref.branch } }));
}

const changesetState = z.looseObject({
  changeSet: z.string(),
  author: z.string(),
  fileName: z.string(),
  status: z.string(),
  planExecutionId: z.string().nullish(),
  stageExecutionId: z.string().nullish(),
  tag: z.string().nullish(),
  deployedAt: z.number().nullish(),
});
/** What is known of one changeset on one instance. `status` as api-contract 2.3: Successfully_Deployed, Not_Deployed, … */
export type ChangesetState = z.infer<typeof changesetState>;

const migrationState = z.looseObject({
  stateUnknownSince: z.number().nullish(),
  changeSets: z.array(changesetState).nullish(),
});
const PAGE = 100;

/** What is known of an instance. */
export interface InstanceState {
  readonly changesets: readonly ChangesetState[];
  /** False when the instance has more changesets than were asked for. */
  readonly isWhole: boolean;
  /** Set when a run ended without its result: `changesets` are those from before it. Seconds since 1970. */
  readonly unknownSince?: number | undefined;
}

/** The newest changesets of an instance as Sluice knows them after the last run, at most `most`. @throws GatewayError */
export async function readMigrationState(
  gateway: GatewayClient,
  at: ProjectRef,
  schema: string,
  instance: string,
  most = Infinity,
): Promise<InstanceState> {
  const path = `/v1/orgs/${at.org}/projects/${at.project}/dbschema/${schema}/dbinstance/${instance}/migrationstate`;
  const changesets: ChangesetState[] = [];
  let unknownSince: number | undefined;
  for (let page = 0; changesets.length < most; page += 1) {
    const { changeSets, stateUnknownSince } = migrationState.parse(
      await gateway.call('GET', path, { query: { page, limit: PAGE } }),
    );
    changesets.push(...(changeSets ?? []));
    unknownSince = stateUnknownSince ?? undefined;
    if ((changeSets ?? []).length < PAGE) return { changesets, isWhole: true, unknownSince };
  }
  return { changesets, isWhole: false, unknownSince };
}
