import { RouteClient } from '@sluice/http';
import { sealSecrets } from '@sluice/ng-manager-api';
import { generateSealingKeyPair, open, sealingContext } from '@sluice/sealed-secrets';
import { testUser } from '@sluice/testing';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from './ng-manager-under-test.js';

export const PROJECT = 'accountIdentifier=A1&orgIdentifier=o&projectIdentifier=p';
export const inProject = { orgIdentifier: 'o', projectIdentifier: 'p' };
export const LOCAL = { secretManagerIdentifier: 'harnessSecretManager' };

/** Bodies as clients send them, with the discriminators of their SDK. */
export const textSecret = (identifier: string, value: string | null, more: object = {}) => ({
  secret: {
    type: 'SecretText',
    identifier,
    name: identifier,
    description: 'd',
    tags: { team: 'one' },
    ...inProject,
    spec: { type: 'SecretTextSpec', ...LOCAL, valueType: 'Inline', value },
    ...more,
  },
});
export const fileSecret = (identifier: string, more: object = {}) => ({
  secret: {
    type: 'SecretFile',
    identifier,
    name: identifier,
    tags: {},
    ...inProject,
    spec: { type: 'SecretFileSpe', ...LOCAL },
    ...more,
  },
});
export const sshKeySecret = (identifier: string, auth: object) => ({
  secret: { type: 'SSHKey', identifier, name: identifier, ...inProject, spec: { type: 'SSHKeySpec', port: 22, auth } },
});
export const keyReference = (key: string, passphrase?: string) => ({
  type: 'SSH',
  spec: {
    type: 'KeyReference',
    credentialType: 'KeyReference',
    spec: { userName: 'git', key, ...(passphrase === undefined ? {} : { encryptedPassphrase: passphrase }) },
  },
});

/** A form as the SDK makes it: the path of the file as a text beside its bytes. */
export function secretForm(spec: unknown, bytes?: Uint8Array<ArrayBuffer> | string): FormData {
  const parts = new FormData();
  if (bytes !== undefined) parts.append('file', '/home/me/key.bin');
  parts.append('spec', typeof spec === 'string' ? spec : JSON.stringify(spec));
  if (bytes !== undefined) parts.append('file', new File([bytes], 'key.bin'));
  return parts;
}

export const identifiersOf = (answer: HttpAnswer): string[] =>
  answer.body.data.content.map((row: { identifier: string }) => row.identifier);

/** NG manager with project `o/p` in both accounts and a Vault connector `account.vault` in A1. */
export interface SecretsUnderTest {
  readonly ng: NgManagerUnderTest;
  readonly call: ReturnType<NgManagerUnderTest['as']>;
  readonly post: (path: string, body: unknown) => Promise<HttpAnswer>;
  /** As a client that does not send JSON. */
  readonly send: (method: string, path: string, body: FormData | string, contentType?: string) => Promise<HttpAnswer>;
  /** The value a task of project `o/p` would get. */
  readonly valueOf: (ref: string, account?: string) => Promise<string>;
  stop(): Promise<void>;
}

export async function startWithProject(): Promise<SecretsUnderTest> {
  const ng = await startNgManager();
  const call = ng.as('A1');
  const pipeline = new RouteClient({
    target: 'ng-manager',
    baseUrl: ng.app.url,
    identity: await ng.identities.of('pipeline'),
  });
  for (const account of ['A1', 'B1']) {
    await ng.as(account)('POST', `/ng/api/organizations?accountIdentifier=${account}`, {
      organization: { identifier: 'o', name: 'O' },
    });
    await ng.as(account)('POST', `/ng/api/projects?accountIdentifier=${account}&orgIdentifier=o`, {
      project: { identifier: 'p', name: 'P' },
    });
  }
  await call('POST', '/ng/api/connectors?accountIdentifier=A1', {
    connector: {
      identifier: 'vault',
      name: 'Vault',
      type: 'Vault',
      spec: { vaultUrl: 'https://vault.example.com', renewalIntervalMinutes: 10 },
    },
  });
  const reader = (identifier: string, type: string, spec: object) => ({
    connector: { identifier, name: identifier, ...inProject, type, spec },
  });
  for (const account of ['A1', 'B1']) {
    const project = `accountIdentifier=${account}&orgIdentifier=o&projectIdentifier=p`;
    await ng.as(account)(
      'POST',
      `/ng/api/connectors?${project}`,
      reader('reader', 'JDBC', { url: 'jdbc:postgresql://db.example/orders' }),
    );
    await ng.as(account)(
      'POST',
      `/ng/api/connectors?${project}`,
      reader('reader_code', 'Git', {
        url: 'https://git.example.com/team/app.git',
        type: 'Http',
        connectionType: 'Repo',
      }),
    );
  }
  ng.dbdevops.pairs = [
    {
      dbSchema: {
        identifier: 's',
        name: 's',
        migrationType: 'Liquibase',
        type: 'Repository',
        connector: 'reader_code',
        location: 'db.xml',
      },
      dbInstance: {
        identifier: 'i',
        name: 'i',
        connector: 'reader',
        branch: 'main',
        context: '',
        substituteProperties: {},
        tags: {},
      },
    },
  ];
  return {
    ng,
    call,
    post: (path, body) => call('POST', path, body),
    send: async (method, path, body, contentType) => {
      const headers = {
        ...(await ng.identities.headers('ng-manager', testUser('A1'))),
        ...(contentType ? { 'content-type': contentType } : {}),
      };
      const request = { method, headers, body };
      const answer = await fetch(`${ng.app.url}${path}`, request);
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
    },
    valueOf: async (ref, account = 'A1') => {
      const pair = await generateSealingKeyPair();
      const expression = `<+secrets.getValue("${ref}")>`;
      // What the reference leads to may be gone, or somebody else's, which a connector could not be stored with.
      const auth = { type: 'UsernamePassword', spec: { username: 'u', passwordRef: ref } };
      await ng.pg.query(
        ng.database,
        `UPDATE connectors SET spec = jsonb_set(spec, '{auth}', '${JSON.stringify(auth)}') WHERE account_id = '${account}' AND identifier = 'reader'`,
      );
      const steps = [{ key: 'one', dbSchema: 's', dbInstance: 'i' }];
      const lease = {
        taskId: 't',
        epoch: 1,
        delegateId: 'd',
        delegateScope: { accountId: account },
        publicKey: pair.publicKey,
        steps,
        expressions: [expression],
      };
      const { sealed } = await pipeline.call(
        { ...testUser(account), correlationId: 'c', traceparent: undefined },
        sealSecrets,
        { body: { orgId: 'o', projectId: 'p', ...lease } },
      );
      return open(pair, sealed[expression] ?? '', sealingContext('t', 1, expression));
    },
    stop: async () => {
      await pipeline.close();
      await ng.stop();
    },
  };
}
