import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createSecretFile, createSecretFromYaml, rotateEncryptionKeys, sealSecrets, updateSecretFile } from '@sluice/ng-manager-api';
import { RouteClient } from '@sluice/http';
import { generateSealingKeyPair, open, sealingContext } from '@sluice/sealed-secrets';
import { testUser } from '@sluice/testing';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const PROJECT = 'accountIdentifier=A1&orgIdentifier=o&projectIdentifier=p';
const inProject = { orgIdentifier: 'o', projectIdentifier: 'p' };
const LOCAL = { secretManagerIdentifier: 'harnessSecretManager' };
const text = (identifier: string, value: string | null, more: object = {}) => ({
  secret: { type: 'SecretText', identifier, name: identifier, description: 'd', tags: { team: 'one' }, ...inProject, spec: { type: 'SecretTextSpec', ...LOCAL, valueType: 'Inline', value }, ...more },
});
const file = (identifier: string, more: object = {}) => ({ secret: { type: 'SecretFile', identifier, name: identifier, tags: {}, ...inProject, spec: { type: 'SecretFileSpe', ...LOCAL }, ...more } });
const sshKey = (identifier: string, auth: object) => ({ secret: { type: 'SSHKey', identifier, name: identifier, ...inProject, spec: { type: 'SSHKeySpec', port: 22, auth } } });
const byKey = (key: string, passphrase?: string) => ({ type: 'SSH', spec: { type: 'KeyReference', credentialType: 'KeyReference', spec: { userName: 'git', key, ...(passphrase === undefined ? {} : { encryptedPassphrase: passphrase }) } } });

describe('secrets', () => {
  let ng: NgManagerUnderTest;
  let call: ReturnType<NgManagerUnderTest['as']>;
  let pipeline: RouteClient;
  const post = (path: string, body: unknown) => call('POST', path, body);
  const identifiers = (answer: HttpAnswer): string[] => answer.body.data.content.map((row: { identifier: string }) => row.identifier);

  /** As a client that does not send JSON. */
  async function send(method: string, path: string, body: FormData | string, contentType?: string): Promise<HttpAnswer> {
    const headers = { ...(await ng.identities.headers('ng-manager', testUser('A1'))), ...(contentType ? { 'content-type': contentType } : {}) };
    const answer = await fetch(`${ng.app.url}${path}`, { method, headers, body });
    const answered = await answer.text();
    return { status: answer.status, headers: answer.headers, body: answered === '' ? undefined : JSON.parse(answered) };
  }
  function form(spec: unknown, bytes?: Uint8Array<ArrayBuffer> | string): FormData {
    const parts = new FormData();
    if (bytes !== undefined) parts.append('file', '/home/me/key.bin');
    parts.append('spec', typeof spec === 'string' ? spec : JSON.stringify(spec));
    if (bytes !== undefined) parts.append('file', new File([bytes], 'key.bin'));
    return parts;
  }
  /** The values a task would get. */
  async function valueOf(ref: string, account = 'A1'): Promise<string> {
    const pair = await generateSealingKeyPair();
    const expression = `<+secrets.getValue("${ref}")>`;
    const lease = { taskId: 't', epoch: 1, delegateId: 'd', publicKey: pair.publicKey, expressions: [expression] };
    const { sealed } = await pipeline.call({ ...testUser(account), correlationId: 'c', traceparent: undefined }, sealSecrets, { body: { orgId: 'o', projectId: 'p', ...lease } });
    return open(pair, sealed[expression] ?? '', sealingContext('t', 1, expression));
  }

  beforeAll(async () => {
    ng = await startNgManager();
    call = ng.as('A1');
    pipeline = new RouteClient({ target: 'ng-manager', baseUrl: ng.app.url, identity: await ng.identities.of('pipeline') });
    for (const account of ['A1', 'B1']) {
      await ng.as(account)('POST', `/ng/api/organizations?accountIdentifier=${account}`, { organization: { identifier: 'o', name: 'O' } });
      await ng.as(account)('POST', `/ng/api/projects?accountIdentifier=${account}&orgIdentifier=o`, { project: { identifier: 'p', name: 'P' } });
    }
    await post('/ng/api/connectors?accountIdentifier=A1', { connector: { identifier: 'vault', name: 'Vault', type: 'Vault', spec: { vaultUrl: 'https://vault.example.com', renewalIntervalMinutes: 10 } } });
  }, 60_000);
  afterAll(async () => {
    await pipeline.close();
    await ng.stop();
  });

  describe('of type text', () => {
    it('answer what was sent, without the value of an inline one and with the path of a reference', async () => {
      const inline = await post(`/ng/api/v2/secrets?${PROJECT}`, text('inline', 'very secret'));
      expect(inline.body.data).toMatchObject({ draft: false, secret: { ...text('inline', null).secret, spec: { ...LOCAL, valueType: 'Inline', value: null } } });
      const reference = text('reference', 'kv/app#password', { spec: { secretManagerIdentifier: 'account.vault', valueType: 'Reference', value: 'kv/app#password', additionalMetadata: { values: { version: '3', regions: ['eu', 'us'] } } } });
      expect((await post(`/ng/api/v2/secrets?${PROJECT}`, reference)).body.data.secret).toEqual(reference.secret);
      expect((await call('GET', `/ng/api/v2/secrets/reference?${PROJECT}`)).body.data.secret).toEqual(reference.secret);
    });

    it('a reference is refused where its value is needed, naming the manager', async () => {
      await expect(valueOf('reference')).rejects.toMatchObject({ code: 'NOT_IMPLEMENTED', message: expect.stringContaining('secret manager "account.vault"') });
    });

    it('exist once', async () => {
      const again = await post(`/ng/api/v2/secrets?${PROJECT}`, text('inline', 'x'));
      expect([again.status, again.body.code]).toEqual([409, 'DUPLICATE_FIELD']);
      expect(await valueOf('inline')).toBe('very secret');
    });

    it('cannot change their type, their identifier, or lose what they stand for', async () => {
      const [type, identifier, path] = await Promise.all([
        call('PUT', `/ng/api/v2/secrets/inline?${PROJECT}`, file('inline')),
        call('PUT', `/ng/api/v2/secrets/inline?${PROJECT}`, text('other', 'x')),
        call('PUT', `/ng/api/v2/secrets/inline?${PROJECT}`, text('inline', null, { spec: { secretManagerIdentifier: 'account.vault', valueType: 'Reference' } })),
      ]);
      expect([type.body.message, identifier.body.message, path.body.message]).toEqual([expect.stringContaining('cannot be changed to SecretFile'), expect.stringContaining('the path "inline"'), expect.stringContaining('needs a path')]);
      expect(await valueOf('inline')).toBe('very secret');
    });

    it('keep their value when an update leaves it out, and lose the old one when it brings another', async () => {
      await call('PUT', `/ng/api/v2/secrets/inline?${PROJECT}`, text('inline', null, { name: 'Renamed' }));
      expect(await valueOf('inline')).toBe('very secret');
      await call('PUT', `/ng/api/v2/secrets/inline?${PROJECT}`, text('inline', 'newer'));
      expect(await valueOf('inline')).toBe('newer');
    });

    it('of other kinds are refused by name', async () => {
      const [winRm, custom] = await Promise.all([
        post(`/ng/api/v2/secrets?${PROJECT}`, text('x', 'v', { type: 'WinRmCredentials' })),
        post(`/ng/api/v2/secrets?${PROJECT}`, text('x', 'v', { spec: { ...LOCAL, valueType: 'CustomSecretManagerValues', value: 'v' } })),
      ]);
      expect([winRm.status, winRm.body.message]).toEqual([400, expect.stringContaining('(WinRmCredentials)')]);
      expect([custom.status, custom.body.errors[0].fieldId]).toEqual([400, 'secret.spec.valueType']);
    });

    it('cannot be called like a word of the addresses', async () => {
      for (const word of ['list', 'files', 'yaml', 'validate']) {
        expect((await post(`/ng/api/v2/secrets?${PROJECT}`, text(word, 'v'))).body.message).toContain('cannot be the identifier');
        expect((await call('GET', `/ng/api/v2/secrets/${word}?${PROJECT}`)).status).toBe(400);
      }
    });

    it('answer 404 with the code that tells clients to forget them', async () => {
      for (const [method, path, body] of [['GET', 'none', undefined], ['PUT', 'none', text('none', 'x')], ['DELETE', 'none', undefined]] as const) {
        const answer = await call(method, `/ng/api/v2/secrets/${path}?${PROJECT}`, body);
        expect([answer.status, answer.body.code]).toEqual([404, 'RESOURCE_NOT_FOUND_EXCEPTION']);
      }
      await expect(valueOf('none')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
    });
  });

  describe('of type file', () => {
    it('take the bytes beside the JSON of the secret, also when the file name is sent as a text too', async () => {
      const made = await send('POST', createSecretFile.path + `?${PROJECT}`, form(file('wallet'), new Uint8Array(randomBytes(1000))));
      expect(made.status).toBe(200);
      expect(made.body.data).toMatchObject({ draft: false, secret: { ...file('wallet').secret, description: '', spec: LOCAL } });
      expect((await call('GET', `/ng/api/v2/secrets/wallet?${PROJECT}`)).body.data.secret).toEqual(made.body.data.secret);
    });

    it('are given to tasks as text when they are text, in base64 when not', async () => {
      const bytes = Uint8Array.of(0, 255, 13, 10, 45, 45);
      await send('POST', `/ng/api/v2/secrets/files?${PROJECT}`, form(file('binary'), bytes));
      await send('POST', `/ng/api/v2/secrets/files?${PROJECT}`, form(file('pem'), 'line one\nzweite Zeile ü\n'));
      expect([await valueOf('binary'), await valueOf('pem')]).toEqual([Buffer.from(bytes).toString('base64'), 'line one\nzweite Zeile ü\n']);
    });

    it('keep their bytes when an update brings none', async () => {
      const path = updateSecretFile.path.replace(':identifier', 'pem') + `?${PROJECT}`;
      expect((await send('PUT', path, form(file('pem', { name: 'PEM' })))).body.data.secret.name).toBe('PEM');
      expect(await valueOf('pem')).toContain('line one');
      await send('PUT', path, form(file('pem'), 'other'));
      expect(await valueOf('pem')).toBe('other');
      expect((await call('PUT', `/ng/api/v2/secrets/pem?${PROJECT}`, file('pem'))).status).toBe(200);
      expect(await valueOf('pem')).toBe('other');
    });

    it('are refused without bytes, too large, or when the form is none', async () => {
      const path = `/ng/api/v2/secrets/files?${PROJECT}`;
      const answers = await Promise.all([
        send('POST', path, form(file('x'))),
        send('POST', path, form(file('x'), '')),
        send('POST', path, form(file('x'), new Uint8Array(65_537))),
        send('POST', path, form('{"secret":', 'v')),
        send('POST', path, form(text('x', null), 'v')),
        send('POST', path, form({ secret: { ...file('x').secret, type: 'Fax' } }, 'v')),
        send('POST', path, '--b\r\nno form', 'multipart/form-data; boundary=b'),
        send('POST', path, 'x', 'multipart/form-data'),
        send('POST', path, JSON.stringify(file('x')), 'application/json'),
        post(`/ng/api/v2/secrets?${PROJECT}`, file('x')),
        send('POST', `/ng/api/v2/secrets?${PROJECT}`, form(file('x'), 'v')),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400, 400, 400, 415, 400, 415]);
      expect(answers[2]?.body.message).toContain('at most 65536 bytes');
      expect(answers[9]?.body.message).toContain('/ng/api/v2/secrets/files');
      expect((await call('GET', `/ng/api/v2/secrets/x?${PROJECT}`)).status).toBe(404);
    });

    it('belong to the scope of the query; their own must lie in it', async () => {
      const elsewhere = await send('POST', `/ng/api/v2/secrets/files?${PROJECT}`, form(file('x', { projectIdentifier: 'other' }), 'v'));
      expect([elsewhere.status, elsewhere.body.errors[0].fieldId]).toEqual([400, 'projectIdentifier']);
      const inside = await send('POST', '/ng/api/v2/secrets/files?accountIdentifier=A1', form(file('narrower'), 'v'));
      expect(inside.body.data.secret).toMatchObject(inProject);
    });
  });

  describe('of type SSH key', () => {
    it.each([
      ['a key reference', byKey('pem', 'inline')],
      ['a key path', { type: 'SSH', spec: { credentialType: 'KeyPath', spec: { userName: 'git', keyPath: '/etc/keys/id', encryptedPassphrase: 'account.shared' } } }],
      ['a password', { type: 'SSH', spec: { credentialType: 'Password', spec: { userName: 'git', password: 'account.shared' } } }],
      ['a Kerberos key tab', { type: 'Kerberos', spec: { principal: 'p', realm: 'R', tgtGenerationMethod: 'KeyTabFilePath', spec: { keyPath: '/etc/krb5.keytab' } } }],
      ['a Kerberos password', { type: 'Kerberos', spec: { principal: 'p', realm: 'R', tgtGenerationMethod: 'Password', spec: { password: 'inline' } } }],
      ['Kerberos alone', { type: 'Kerberos', spec: { principal: 'p', realm: 'R' } }],
    ])('with %s answer what was sent', async (what, auth) => {
      await post('/ng/api/v2/secrets?accountIdentifier=A1', text('shared', 'phrase', { orgIdentifier: null, projectIdentifier: null }));
      const identifier = what.replace(/\W/g, '_');
      const made = await post(`/ng/api/v2/secrets?${PROJECT}`, sshKey(identifier, auth));
      const { type: _, ...kept } = auth.spec as { type?: string };
      expect(made.body.data.secret.spec).toEqual({ port: 22, auth: { ...auth, spec: kept } });
      expect((await call('GET', `/ng/api/v2/secrets/${identifier}?${PROJECT}`)).body.data.secret).toEqual(made.body.data.secret);
    });

    it('name secrets that exist and hold a value', async () => {
      const [missing, key] = await Promise.all([post(`/ng/api/v2/secrets?${PROJECT}`, sshKey('x', byKey('none'))), post(`/ng/api/v2/secrets?${PROJECT}`, sshKey('x', byKey('a_password')))]);
      expect([missing.body.code, missing.body.errors[0].fieldId, key.body.message]).toEqual(['INVALID_IDENTIFIER_REF', 'secret.spec.auth.spec.spec.key', expect.stringContaining('is itself an SSH key')]);
    });

    it('keep the secrets they are made of from being deleted, unless forced', async () => {
      const refused = await call('DELETE', `/ng/api/v2/secrets/pem?${PROJECT}`);
      expect([refused.status, refused.body.code, refused.body.message]).toEqual([400, 'ENTITY_REFERENCED', expect.stringContaining('secret a_key_reference (project A1/o/p)')]);
      await send('POST', `/ng/api/v2/secrets/files?${PROJECT}`, form(file('temporary'), 'v'));
      await post(`/ng/api/v2/secrets?${PROJECT}`, sshKey('of_temporary', byKey('temporary')));
      expect((await call('DELETE', `/ng/api/v2/secrets/temporary?${PROJECT}&forceDelete=true`)).body.data).toBe(true);
      expect((await call('DELETE', `/ng/api/v2/secrets/of_temporary?${PROJECT}`)).body.data).toBe(true);
    });

    it('have no value of their own', async () => {
      await expect(valueOf('a_key_reference')).rejects.toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining('is an SSH key') });
    });

    it('need what their kind of credential needs', async () => {
      const answers = await Promise.all([
        post(`/ng/api/v2/secrets?${PROJECT}`, sshKey('x', { type: 'SSH', spec: { credentialType: 'Smoke', spec: {} } })),
        post(`/ng/api/v2/secrets?${PROJECT}`, sshKey('x', { type: 'Telnet', spec: {} })),
        post(`/ng/api/v2/secrets?${PROJECT}`, sshKey('x', { type: 'Kerberos', spec: { principal: 'p', realm: 'r', tgtGenerationMethod: 'Password' } })),
      ]);
      expect(answers.map(({ status, body }) => [status, body.message])).toEqual([
        [400, expect.stringContaining('must be KeyReference, KeyPath or Password')],
        [400, expect.stringContaining('must be SSH or Kerberos')],
        [400, expect.stringContaining('a spec that fits tgtGenerationMethod')],
      ]);
    });
  });

  describe('checked', () => {
    const validate = async (identifier: string): Promise<[boolean, string]> => {
      const { status, body } = await post(`/ng/api/v2/secrets/validate?${PROJECT}&identifier=${identifier}`, { type: 'SSHKey', host: 'git.example.com' });
      expect(status).toBe(200);
      return [body.data.success, body.data.message];
    };
    const storeKey = async (identifier: string, key: string, passphrase?: string): Promise<void> => {
      await send('POST', `/ng/api/v2/secrets/files?${PROJECT}`, form(file(`${identifier}_file`), key));
      await post(`/ng/api/v2/secrets?${PROJECT}`, sshKey(identifier, byKey(`${identifier}_file`, passphrase)));
    };

    it('tell whether a key can be read, and say that nobody was dialled', async () => {
      const { privateKey } = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
      await storeKey('good', privateKey);
      await storeKey('bad', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n');
      expect(await validate('good')).toEqual([true, expect.stringMatching(/readable private key \(ed25519\); no connection to git\.example\.com was made/)]);
      expect(await validate('bad')).toEqual([false, expect.stringContaining('is damaged')]);
    });

    it('try the passphrase of an encrypted key', async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'phrase' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
      await storeKey('locked', privateKey);
      await storeKey('opened', privateKey, 'account.shared');
      await storeKey('mistaken', privateKey, 'inline');
      expect(await validate('locked')).toEqual([false, expect.stringContaining('is encrypted')]);
      expect(await validate('opened')).toEqual([true, expect.stringContaining('opens with its passphrase')]);
      expect(await validate('mistaken')).toEqual([false, expect.stringContaining('does not open')]);
    });

    it('say of texts and references what can be said', async () => {
      expect(await validate('inline')).toEqual([true, expect.stringContaining('can be read')]);
      expect(await validate('reference')).toEqual([false, expect.stringContaining('external secret managers')]);
      expect((await post(`/ng/api/v2/secrets/validate?${PROJECT}&identifier=none`, {})).status).toBe(404);
    });
  });

  describe('as YAML', () => {
    const yaml = (identifier: string, spec: string) => `secret:\n  type: SecretText\n  identifier: ${identifier}\n  name: By YAML\n  orgIdentifier: o\n  projectIdentifier: p\n  spec:\n    secretManagerIdentifier: harnessSecretManager\n    valueType: Inline\n${spec}`;

    it('are created and changed; without a value they are drafts until one comes', async () => {
      const made = await send('POST', `${createSecretFromYaml.path}?${PROJECT}`, yaml('by_yaml', ''), 'application/yaml');
      expect(made.body.data).toMatchObject({ draft: true, secret: { identifier: 'by_yaml', name: 'By YAML' } });
      await expect(valueOf('by_yaml')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND', message: expect.stringContaining('is a draft') });
      const changed = await send('PUT', `/ng/api/v2/secrets/by_yaml/yaml?${PROJECT}`, yaml('by_yaml', '    value: from yaml\n'), 'application/yaml');
      expect(changed.body.data.draft).toBe(false);
      expect(await valueOf('by_yaml')).toBe('from yaml');
    });

    it('that cannot be read are refused without quoting them', async () => {
      const bad = await send('POST', `/ng/api/v2/secrets/yaml?${PROJECT}`, `${yaml('x', '    value: "canary-value')}`, 'application/yaml');
      expect([bad.status, bad.body.code, JSON.stringify(bad.body).includes('canary')]).toEqual([400, 'INVALID_YAML_ERROR', false]);
      const answers = await Promise.all([
        send('POST', `/ng/api/v2/secrets/yaml?${PROJECT}`, 'connector: {}', 'application/yaml'),
        send('POST', `/ng/api/v2/secrets/yaml?${PROJECT}`, 'secret: &a [*a]', 'application/yaml'),
        send('POST', `/ng/api/v2/secrets/yaml?${PROJECT}`, `secret: ${'['.repeat(50_000)}`, 'application/yaml'),
        send('POST', `/ng/api/v2/secrets/yaml?${PROJECT}`, '', 'application/yaml'),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    });
  });

  describe('listed', () => {
    it('by every key of both dialects', async () => {
      const list = async (filter: object, query = ''): Promise<string[]> => identifiers(await post(`/ng/api/v2/secrets/list?${PROJECT}&pageSize=100${query}`, filter));
      expect(await list({ identifiers: ['inline', 'pem'] }, '&sortOrders=identifier,ASC')).toEqual(['inline', 'pem']);
      expect(await list({ secretIdentifier: 'inline', filterType: 'Secret' })).toEqual(['inline']);
      expect(await list({ secretTypes: ['SSHKey'], searchTerm: 'a_pass' })).toEqual(['a_password']);
      expect(await list({ secretName: 'y yaml' })).toEqual(['by_yaml']);
      expect(await list({ secretManagerIdentifiers: ['account.vault'] })).toEqual(['reference']);
      expect(await list({ tags: { team: 'one' }, identifiers: ['inline', 'pem'] })).toEqual(['inline']);
      expect(await list({ searchTerm: 'team' }, '&sortOrders=name,DESC')).toEqual(expect.arrayContaining(['inline', 'reference']));
      expect(await list({ description: 'd', identifiers: ['inline', 'wallet'] })).toEqual(['inline']);
      expect(await list({ sourceCategory: 'CLOUD_COST' })).toEqual([]);
      expect(await list({ sourceCategory: 'SECRET_MANAGER', identifiers: ['pem'] })).toEqual(['pem']);
      expect(await list({ includeAllSecretsAccessibleAtScope: true, identifiers: ['shared', 'pem'] }, '&sortOrders=identifier,ASC')).toEqual(['pem', 'shared']);
      expect(identifiers(await post('/ng/api/v2/secrets/list/secrets?accountIdentifier=A1&sortOrders=identifier,ASC', { identifiers: ['shared', 'pem'], includeSecretsFromEverySubScope: true }))).toEqual(['pem', 'shared']);
      expect(identifiers(await call('GET', `/ng/api/v2/secrets?${PROJECT}&types=SSHKey&types=SecretFile&searchTerm=wallet&source_category=SECRET_MANAGER`))).toEqual(['wallet']);
      expect((await post(`/ng/api/v2/secrets/list?${PROJECT}&pageIndex=1&pageSize=2`, {})).body.data).toMatchObject({ pageIndex: 1, pageSize: 2, pageItemCount: 2, empty: false });
    });

    it('by somebody of another account are not there', async () => {
      const other = ng.as('B1');
      expect(identifiers(await other('POST', '/ng/api/v2/secrets/list?accountIdentifier=B1&orgIdentifier=o&projectIdentifier=p', {}))).toEqual([]);
      expect((await other('GET', '/v1/orgs/o/projects/p/secrets')).body).toEqual([]);
      expect((await other('GET', '/v1/orgs/o/projects/p/secrets/inline')).status).toBe(404);
      await expect(valueOf('inline', 'B1')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
    });
  });

  it('are private to their creator when made so', async () => {
    const [mine, yours] = [ng.as('A1', undefined, { id: 'me' }), ng.as('A1', undefined, { id: 'you' })];
    expect((await mine('POST', `/ng/api/v2/secrets?${PROJECT}&privateSecret=true`, text('mine', 'v'))).status).toBe(200);
    expect((await mine('GET', `/ng/api/v2/secrets/mine?${PROJECT}`)).status).toBe(200);
    expect((await yours('GET', `/ng/api/v2/secrets/mine?${PROJECT}`)).status).toBe(404);
    expect((await yours('PUT', `/ng/api/v2/secrets/mine?${PROJECT}`, text('mine', 'x'))).status).toBe(404);
    expect((await yours('DELETE', `/ng/api/v2/secrets/mine?${PROJECT}&forceDelete=true`)).status).toBe(404);
    expect(identifiers(await yours('POST', `/ng/api/v2/secrets/list?${PROJECT}`, { identifiers: ['mine'] }))).toEqual([]);
    expect(identifiers(await mine('POST', `/ng/api/v2/secrets/list?${PROJECT}`, { identifiers: ['mine'] }))).toEqual(['mine']);
    expect((await yours('GET', `/ng/api/v2/secrets/validateUniqueIdentifier/mine?${PROJECT}`)).body.data).toBe(false);
    await expect(valueOf('mine')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
  });

  describe('of v1', () => {
    const v1 = (identifier: object, spec: object, more: object = {}) => ({ secret: { ...identifier, name: 'V1', ...more, spec } });
    const vault = { secret_manager_identifier: 'account.vault', secret_manager_slug: 'account.vault' };

    it.each([
      ['/v1/secrets', null, null],
      ['/v1/orgs/o/secrets', 'o', null],
      ['/v1/orgs/o/projects/p/secrets', 'o', 'p'],
    ])('%s: create, read, change, list and delete with slug or identifier', async (path, org, project) => {
      const made = await post(`${path}?orgIdentifier=o&projectIdentifier=p`, v1({ slug: 'twin' }, { type: 'SecretText', secret_manager_slug: 'account.vault', value_type: 'Reference', value: 'kv/a' }, { tags: { a: 'b' } }));
      expect(made.status).toBe(201);
      expect(made.body).toEqual({
        secret: { identifier: 'twin', slug: 'twin', name: 'V1', org, project, description: '', tags: { a: 'b' }, spec: { type: 'SecretText', ...vault, value_type: 'Reference', value: 'kv/a' } },
        created: expect.any(Number), updated: expect.any(Number), draft: false,
      });
      expect((await call('GET', `${path}/twin`)).body).toEqual(made.body);
      const changed = await call('PUT', `${path}/twin`, v1({ identifier: 'twin' }, { type: 'SecretText', secret_manager_identifier: 'account.vault', value_type: 'Reference', value: 'kv/b' }));
      expect(changed.body.secret.spec.value).toBe('kv/b');
      const list = await call('GET', `${path}?secret=twin&type=SecretText&search_term=twi&limit=5`);
      expect([list.body.length, list.headers.get('x-total-elements')]).toEqual([1, '1']);
      expect((await call('DELETE', `${path}/twin`)).body.secret.slug).toBe('twin');
      expect((await call('GET', `${path}/twin`)).status).toBe(404);
    });

    it('SSH keys keep their kind, and inline values stay hidden', async () => {
      const specs = [
        { type: 'SSHKeyReference', port: 22, username: 'git', key: 'pem', encrypted_passphrase: 'inline' },
        { type: 'SSHKeyPath', username: 'git', key_path: '/k' },
        { type: 'SSHPassword', username: 'git', password: 'inline' },
        { type: 'SSHKerberosTGTKeyTabFile', principal: 'p', realm: 'r', key_path: '/k' },
        { type: 'SSHKerberosTGTPassword', principal: 'p', realm: 'r', password: 'inline' },
      ];
      for (const [at, spec] of specs.entries()) expect((await post('/v1/orgs/o/projects/p/secrets', v1({ identifier: `ssh${at}` }, spec))).body.secret.spec).toEqual(spec);
      const inline = await post('/v1/orgs/o/projects/p/secrets?private=false', v1({ identifier: 'v1_inline' }, { type: 'SecretText', secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'canary' }));
      expect([inline.body.secret.spec.value, JSON.stringify(inline.body).includes('canary')]).toEqual([null, false]);
      expect(await valueOf('v1_inline')).toBe('canary');
    });

    it('name problems by field', async () => {
      const answers = await Promise.all([
        post('/v1/orgs/o/projects/p/secrets', v1({}, { type: 'SSHKeyPath', username: 'g', key_path: 'k' })),
        post('/v1/orgs/o/projects/p/secrets', v1({ identifier: 'x' }, { type: 'SecretText', value_type: 'Inline', value: 'v' })),
        post('/v1/orgs/o/projects/p/secrets', v1({ identifier: 'x' }, { type: 'SecretText', secret_manager_slug: 'a', secret_manager_identifier: 'b', value_type: 'Inline', value: 'v' })),
        post('/v1/orgs/o/projects/p/secrets', v1({ identifier: 'x' }, { type: 'SSHPassword', username: 'g', password: 'inline' }, { project: 'other' })),
        post('/v1/orgs/o/projects/none/secrets', v1({ identifier: 'x' }, { type: 'SSHPassword', username: 'g', password: 'inline' })),
      ]);
      expect(answers.map(({ status, body }) => [status, body.message])).toEqual([
        [400, expect.stringContaining('give identifier or slug')], [400, expect.stringContaining('secret_manager_identifier is missing')], [400, expect.stringContaining('two spellings')],
        [400, expect.stringContaining('the path names "p"')], [404, expect.stringContaining('"none"')],
      ]);
    });
  });

  describe('and their keys', () => {
    it('an administrator sees which key wraps the data keys, and rotating to the same key changes nothing', async () => {
      const { body } = await call('GET', '/ng/api/encryption-keys?accountIdentifier=A1');
      expect(body.data).toMatchObject({ currentKeyId: expect.stringMatching(/^local:/), dataKeys: [{ version: 1, isCurrent: true, keyId: body.data.currentKeyId }] });
      expect((await post(`${rotateEncryptionKeys.path}?accountIdentifier=A1`, undefined)).body.data).toEqual({ currentKeyId: body.data.currentKeyId, rewrapped: 0, unchanged: 1 });
      expect((await ng.as('A1', [{ role: 'org_admin', orgId: 'o' }])('POST', `${rotateEncryptionKeys.path}?accountIdentifier=A1`)).status).toBe(403);
    });
  });

  it('put no value into the database or the audit trail', async () => {
    const rows = await ng.pg.query(ng.database, 'SELECT row_to_json(e) AS event FROM audit_events e UNION ALL SELECT row_to_json(s) FROM secrets s');
    const dump = JSON.stringify(rows);
    for (const value of ['very secret', 'newer', 'from yaml', 'zweite', 'canary']) expect([value, dump.includes(value), dump.includes(Buffer.from(value).toString('hex'))]).toEqual([value, false, false]);
    expect(dump).toContain('secretAccess');
  });

  it('survive junk with an answer below 500', async () => {
    const junk = ['\u0000', '\ud800', 'x'.repeat(200_000), { a: { b: [] } }, [], 5, null];
    for (const value of junk) {
      const bodies = [text('x', null, { spec: { ...LOCAL, valueType: 'Inline', value } }), text('x', 'v', { name: value }), text('x', 'v', { tags: { a: value } }), { secret: value }];
      for (const body of bodies) expect((await post(`/ng/api/v2/secrets?${PROJECT}`, body)).status).toBeLessThan(500);
      expect((await post(`/ng/api/v2/secrets/list?${PROJECT}`, { searchTerm: value, secretName: value, tags: value })).status).toBeLessThan(500);
    }
  });
});
