import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSecretFromYaml, rotateEncryptionKeys } from '@sluice/ng-manager-api';
import {
  LOCAL,
  PROJECT,
  fileSecret,
  identifiersOf,
  keyReference,
  secretForm,
  sshKeySecret,
  startWithProject,
  textSecret,
  type SecretsUnderTest,
} from '../testing/secrets-under-test.js';

describe('secrets by route', () => {
  let at: SecretsUnderTest;
  beforeAll(async () => {
    at = await startWithProject();
    await at.post(`/ng/api/v2/secrets?${PROJECT}`, textSecret('inline', 'inline value'));
    await at.post(
      `/ng/api/v2/secrets?${PROJECT}`,
      textSecret('reference', 'kv/a', {
        spec: { secretManagerIdentifier: 'account.vault', valueType: 'Reference', value: 'kv/a' },
      }),
    );
    await at.post(
      '/ng/api/v2/secrets?accountIdentifier=A1',
      textSecret('shared', 'shared value', { orgIdentifier: null, projectIdentifier: null }),
    );
    await at.send('POST', `/ng/api/v2/secrets/files?${PROJECT}`, secretForm(fileSecret('wallet'), 'wallet bytes'));
    await at.send('POST', `/ng/api/v2/secrets/files?${PROJECT}`, secretForm(fileSecret('pem'), 'pem bytes'));
    await at.post(
      `/ng/api/v2/secrets?${PROJECT}`,
      sshKeySecret('a_password', {
        type: 'SSH',
        spec: { credentialType: 'Password', spec: { userName: 'git', password: 'inline' } },
      }),
    );
  }, 300_000);
  afterAll(() => at.stop());

  describe('as YAML', () => {
    const yaml = (identifier: string, spec: string) =>
      `secret:\n  type: SecretText\n  identifier: ${identifier}\n  name: By YAML\n  orgIdentifier: o\n  projectIdentifier: p\n  spec:\n    secretManagerIdentifier: harnessSecretManager\n    valueType: Inline\n${spec}`;

    it('are created and changed; without a value they are drafts until one comes', async () => {
      const made = await at.send(
        'POST',
        `${createSecretFromYaml.path}?${PROJECT}`,
        yaml('by_yaml', ''),
        'application/yaml',
      );
      expect(made.body.data).toMatchObject({ draft: true, secret: { identifier: 'by_yaml', name: 'By YAML' } });
      await expect(at.valueOf('by_yaml')).rejects.toMatchObject({
        code: 'SECRET_NOT_FOUND',
        message: expect.stringContaining('is a draft'),
      });
      const changed = await at.send(
        'PUT',
        `/ng/api/v2/secrets/by_yaml/yaml?${PROJECT}`,
        yaml('by_yaml', '    value: from yaml\n'),
        'application/yaml',
      );
      expect(changed.body.data.draft).toBe(false);
      expect(await at.valueOf('by_yaml')).toBe('from yaml');
    });

    it('that cannot be read are refused without quoting them', async () => {
      const bad = await at.send(
        'POST',
        `/ng/api/v2/secrets/yaml?${PROJECT}`,
        `${yaml('x', '    value: "canary-value')}`,
        'application/yaml',
      );
      expect([bad.status, bad.body.code, JSON.stringify(bad.body).includes('canary')]).toEqual([
        400,
        'INVALID_YAML_ERROR',
        false,
      ]);
      const answers = await Promise.all([
        at.send('POST', `/ng/api/v2/secrets/yaml?${PROJECT}`, 'connector: {}', 'application/yaml'),
        at.send('POST', `/ng/api/v2/secrets/yaml?${PROJECT}`, 'secret: &a [*a]', 'application/yaml'),
        at.send('POST', `/ng/api/v2/secrets/yaml?${PROJECT}`, `secret: ${'['.repeat(50_000)}`, 'application/yaml'),
        at.send('POST', `/ng/api/v2/secrets/yaml?${PROJECT}`, '', 'application/yaml'),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    });
  });

  describe('listed', () => {
    it('by every key of both dialects', async () => {
      const list = async (filter: object, query = ''): Promise<string[]> =>
        identifiersOf(await at.post(`/ng/api/v2/secrets/list?${PROJECT}&pageSize=100${query}`, filter));
      expect(await list({ identifiers: ['inline', 'pem'] }, '&sortOrders=identifier,ASC')).toEqual(['inline', 'pem']);
      expect(await list({ secretIdentifier: 'inline', filterType: 'Secret' })).toEqual(['inline']);
      expect(await list({ secretTypes: ['SSHKey'], searchTerm: 'a_pass' })).toEqual(['a_password']);
      expect(await list({ secretName: 'y yaml' })).toEqual(['by_yaml']);
      expect(await list({ secretManagerIdentifiers: ['account.vault'] })).toEqual(['reference']);
      expect(await list({ tags: { team: 'one' }, identifiers: ['inline', 'pem'] })).toEqual(['inline']);
      expect(await list({ searchTerm: 'team' }, '&sortOrders=name,DESC')).toEqual(
        expect.arrayContaining(['inline', 'reference']),
      );
      expect(await list({ description: 'd', identifiers: ['inline', 'wallet'] })).toEqual(['inline']);
      expect(await list({ sourceCategory: 'CLOUD_COST' })).toEqual([]);
      expect(await list({ sourceCategory: 'SECRET_MANAGER', identifiers: ['pem'] })).toEqual(['pem']);
      expect(
        await list(
          { includeAllSecretsAccessibleAtScope: true, identifiers: ['shared', 'pem'] },
          '&sortOrders=identifier,ASC',
        ),
      ).toEqual(['pem', 'shared']);
      expect(
        identifiersOf(
          await at.post('/ng/api/v2/secrets/list/secrets?accountIdentifier=A1&sortOrders=identifier,ASC', {
            identifiers: ['shared', 'pem'],
            includeSecretsFromEverySubScope: true,
          }),
        ),
      ).toEqual(['pem', 'shared']);
      expect(
        identifiersOf(
          await at.call(
            'GET',
            `/ng/api/v2/secrets?${PROJECT}&types=SSHKey&types=SecretFile&searchTerm=wallet&source_category=SECRET_MANAGER`,
          ),
        ),
      ).toEqual(['wallet']);
      expect((await at.post(`/ng/api/v2/secrets/list?${PROJECT}&pageIndex=1&pageSize=2`, {})).body.data).toMatchObject({
        pageIndex: 1,
        pageSize: 2,
        pageItemCount: 2,
        empty: false,
      });
    });

    it('by somebody of another account are not there', async () => {
      const other = at.ng.as('B1');
      expect(
        identifiersOf(
          await other('POST', '/ng/api/v2/secrets/list?accountIdentifier=B1&orgIdentifier=o&projectIdentifier=p', {}),
        ),
      ).toEqual([]);
      expect((await other('GET', '/v1/orgs/o/projects/p/secrets')).body).toEqual([]);
      expect((await other('GET', '/v1/orgs/o/projects/p/secrets/inline')).status).toBe(404);
      await expect(at.valueOf('inline', 'B1')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
    });
  });

  it('are private to their creator when made so', async () => {
    const [mine, yours] = [at.ng.as('A1', undefined, { id: 'me' }), at.ng.as('A1', undefined, { id: 'you' })];
    expect(
      (await mine('POST', `/ng/api/v2/secrets?${PROJECT}&privateSecret=true`, textSecret('mine', 'v'))).status,
    ).toBe(200);
    expect((await mine('GET', `/ng/api/v2/secrets/mine?${PROJECT}`)).status).toBe(200);
    expect((await yours('GET', `/ng/api/v2/secrets/mine?${PROJECT}`)).status).toBe(404);
    expect((await yours('PUT', `/ng/api/v2/secrets/mine?${PROJECT}`, textSecret('mine', 'x'))).status).toBe(404);
    expect((await yours('DELETE', `/ng/api/v2/secrets/mine?${PROJECT}&forceDelete=true`)).status).toBe(404);
    expect(identifiersOf(await yours('POST', `/ng/api/v2/secrets/list?${PROJECT}`, { identifiers: ['mine'] }))).toEqual(
      [],
    );
    expect(identifiersOf(await mine('POST', `/ng/api/v2/secrets/list?${PROJECT}`, { identifiers: ['mine'] }))).toEqual([
      'mine',
    ]);
    expect((await yours('GET', `/ng/api/v2/secrets/validateUniqueIdentifier/mine?${PROJECT}`)).body.data).toBe(false);
    await expect(at.valueOf('mine')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
    const key = (identifier: string) => sshKeySecret(identifier, keyReference('mine'));
    expect((await yours('POST', `/ng/api/v2/secrets?${PROJECT}`, key('your_key'))).body).toMatchObject({
      code: 'INVALID_IDENTIFIER_REF',
      errors: [{ fieldId: 'secret.spec.auth.spec.spec.key', error: 'secret "mine" does not exist' }],
    });
    expect((await mine('POST', `/ng/api/v2/secrets?${PROJECT}`, key('my_key'))).status).toBe(200);
  });

  describe('of v1', () => {
    const v1 = (identifier: object, spec: object, more: object = {}) => ({
      secret: { ...identifier, name: 'V1', ...more, spec },
    });
    const vault = { secret_manager_identifier: 'account.vault', secret_manager_slug: 'account.vault' };

    it.each([
      ['/v1/secrets', null, null],
      ['/v1/orgs/o/secrets', 'o', null],
      ['/v1/orgs/o/projects/p/secrets', 'o', 'p'],
    ])('%s: create, read, change, list and delete with slug or identifier', async (path, org, project) => {
      const made = await at.post(
        `${path}?orgIdentifier=o&projectIdentifier=p`,
        v1(
          { slug: 'twin' },
          { type: 'SecretText', secret_manager_slug: 'account.vault', value_type: 'Reference', value: 'kv/a' },
          { tags: { a: 'b' } },
        ),
      );
      expect(made.status).toBe(201);
      expect(made.body).toEqual({
        secret: {
          identifier: 'twin',
          slug: 'twin',
          name: 'V1',
          org,
          project,
          description: '',
          tags: { a: 'b' },
          spec: { type: 'SecretText', ...vault, value_type: 'Reference', value: 'kv/a' },
        },
        created: expect.any(Number),
        updated: expect.any(Number),
        draft: false,
      });
      expect((await at.call('GET', `${path}/twin`)).body).toEqual(made.body);
      const changed = await at.call(
        'PUT',
        `${path}/twin`,
        v1(
          { identifier: 'twin' },
          { type: 'SecretText', secret_manager_identifier: 'account.vault', value_type: 'Reference', value: 'kv/b' },
        ),
      );
      expect(changed.body.secret.spec.value).toBe('kv/b');
      const list = await at.call('GET', `${path}?secret=twin&type=SecretText&search_term=twi&limit=5`);
      expect([list.body.length, list.headers.get('x-total-elements')]).toEqual([1, '1']);
      expect((await at.call('DELETE', `${path}/twin`)).body.secret.slug).toBe('twin');
      expect((await at.call('GET', `${path}/twin`)).status).toBe(404);
    });

    it('SSH keys keep their kind, and inline values stay hidden', async () => {
      const specs = [
        { type: 'SSHKeyReference', port: 22, username: 'git', key: 'pem', encrypted_passphrase: 'inline' },
        { type: 'SSHKeyPath', username: 'git', key_path: '/k' },
        { type: 'SSHPassword', username: 'git', password: 'inline' },
        { type: 'SSHKerberosTGTKeyTabFile', principal: 'p', realm: 'r', key_path: '/k' },
        { type: 'SSHKerberosTGTPassword', principal: 'p', realm: 'r', password: 'inline' },
      ];
      for (const [index, spec] of specs.entries())
        expect(
          (await at.post('/v1/orgs/o/projects/p/secrets', v1({ identifier: `ssh${index}` }, spec))).body.secret.spec,
        ).toEqual(spec);
      const inline = await at.post(
        '/v1/orgs/o/projects/p/secrets?private=false',
        v1(
          { identifier: 'v1_inline' },
          { type: 'SecretText', secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'canary' },
        ),
      );
      expect([inline.body.secret.spec.value, JSON.stringify(inline.body).includes('canary')]).toEqual([null, false]);
      expect(await at.valueOf('v1_inline')).toBe('canary');
    });

    it('name problems by field', async () => {
      const answers = await Promise.all([
        at.post('/v1/orgs/o/projects/p/secrets', v1({}, { type: 'SSHKeyPath', username: 'g', key_path: 'k' })),
        at.post(
          '/v1/orgs/o/projects/p/secrets',
          v1({ identifier: 'x' }, { type: 'SecretText', value_type: 'Inline', value: 'v' }),
        ),
        at.post(
          '/v1/orgs/o/projects/p/secrets',
          v1(
            { identifier: 'x' },
            {
              type: 'SecretText',
              secret_manager_slug: 'a',
              secret_manager_identifier: 'b',
              value_type: 'Inline',
              value: 'v',
            },
          ),
        ),
        at.post(
          '/v1/orgs/o/projects/p/secrets',
          v1({ identifier: 'x' }, { type: 'SSHPassword', username: 'g', password: 'inline' }, { project: 'other' }),
        ),
        at.post(
          '/v1/orgs/o/projects/none/secrets',
          v1({ identifier: 'x' }, { type: 'SSHPassword', username: 'g', password: 'inline' }),
        ),
      ]);
      expect(answers.map(({ status, body }) => [status, body.message])).toEqual([
        [400, expect.stringContaining('give identifier or slug')],
        [400, expect.stringContaining('secret_manager_identifier is missing')],
        [400, expect.stringContaining('two spellings')],
        [400, expect.stringContaining('the path names "p"')],
        [404, expect.stringContaining('"none"')],
      ]);
    });
  });

  it('have a JSON schema, like other entities; of unknown ones the known are named', async () => {
    const query = 'accountIdentifier=A1&routingId=A1&scope=project&identifier=s&orgIdentifier=o&projectIdentifier=p';
    const { status, body } = await at.call('GET', `/ng/api/yaml-schema?${query}&entityType=Secrets`);
    expect([status, body.data.schema.required]).toEqual([200, ['secret']]);
    const unknown = await at.call('GET', `/ng/api/yaml-schema?${query}&entityType=Hats`);
    expect([unknown.status, unknown.body.message]).toEqual([
      400,
      expect.stringContaining('Organizations, Projects, Connectors, Secrets, Pipelines'),
    ]);
  });

  describe('and their keys', () => {
    it('an administrator sees which key wraps the data keys, and rotating to the same key changes nothing', async () => {
      const { body } = await at.call('GET', '/ng/api/encryption-keys?accountIdentifier=A1');
      expect(body.data).toMatchObject({
        currentKeyId: expect.stringMatching(/^local:/),
        dataKeys: [{ version: 1, isCurrent: true, keyId: body.data.currentKeyId }],
      });
      expect((await at.post(`${rotateEncryptionKeys.path}?accountIdentifier=A1`, undefined)).body.data).toEqual({
        currentKeyId: body.data.currentKeyId,
        rewrapped: 0,
        unchanged: 1,
      });
      expect(
        (
          await at.ng.as('A1', [{ role: 'org_admin', orgId: 'o' }])(
            'POST',
            `${rotateEncryptionKeys.path}?accountIdentifier=A1`,
          )
        ).status,
      ).toBe(403);
    });
  });

  it('survive junk with an answer below 500', async () => {
    const junk = ['\u0000', '\ud800', 'x'.repeat(200_000), { a: { b: [] } }, [], 5, null];
    for (const value of junk) {
      const bodies = [
        textSecret('x', null, { spec: { ...LOCAL, valueType: 'Inline', value } }),
        textSecret('x', 'v', { name: value }),
        textSecret('x', 'v', { tags: { a: value } }),
        { secret: value },
      ];
      for (const body of bodies)
        expect((await at.post(`/ng/api/v2/secrets?${PROJECT}`, body)).status).toBeLessThan(500);
      expect(
        (await at.post(`/ng/api/v2/secrets/list?${PROJECT}`, { searchTerm: value, secretName: value, tags: value }))
          .status,
      ).toBeLessThan(500);
    }
  });
});
