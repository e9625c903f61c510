import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createSecretFile, updateSecretFile } from '@sluice/ng-manager-api';
import {
  LOCAL,
  PROJECT,
  fileSecret,
  inProject,
  keyReference,
  secretForm,
  sshKeySecret,
  startWithProject,
  textSecret,
  type SecretsUnderTest,
} from '../testing/secrets-under-test.js';

describe('secrets by type', () => {
  let at: SecretsUnderTest;
  beforeAll(async () => {
    at = await startWithProject();
  }, 300_000);
  afterAll(() => at.stop());

  describe('of type text', () => {
    it('answer what was sent, without the value of an inline one and with the path of a reference', async () => {
      const inline = await at.post(`/ng/api/v2/secrets?${PROJECT}`, textSecret('inline', 'very secret'));
      expect(inline.body.data).toMatchObject({
        draft: false,
        secret: { ...textSecret('inline', null).secret, spec: { ...LOCAL, valueType: 'Inline', value: null } },
      });
      const reference = textSecret('reference', 'kv/app#password', {
        spec: {
          secretManagerIdentifier: 'account.vault',
          valueType: 'Reference',
          value: 'kv/app#password',
          additionalMetadata: { values: { version: '3', regions: ['eu', 'us'] } },
        },
      });
      expect((await at.post(`/ng/api/v2/secrets?${PROJECT}`, reference)).body.data.secret).toEqual(reference.secret);
      expect((await at.call('GET', `/ng/api/v2/secrets/reference?${PROJECT}`)).body.data.secret).toEqual(
        reference.secret,
      );
    });

    it('a reference is refused where its value is needed, naming the manager', async () => {
      await expect(at.valueOf('reference')).rejects.toMatchObject({
        code: 'NOT_IMPLEMENTED',
        message: expect.stringContaining('secret manager "account.vault"'),
      });
    });

    it('exist once', async () => {
      const again = await at.post(`/ng/api/v2/secrets?${PROJECT}`, textSecret('inline', 'x'));
      expect([again.status, again.body.code]).toEqual([409, 'DUPLICATE_FIELD']);
      expect(await at.valueOf('inline')).toBe('very secret');
    });

    it('cannot change their type, their identifier, or lose what they stand for', async () => {
      const [type, identifier, path] = await Promise.all([
        at.call('PUT', `/ng/api/v2/secrets/inline?${PROJECT}`, fileSecret('inline')),
        at.call('PUT', `/ng/api/v2/secrets/inline?${PROJECT}`, textSecret('other', 'x')),
        at.call(
          'PUT',
          `/ng/api/v2/secrets/inline?${PROJECT}`,
          textSecret('inline', null, { spec: { secretManagerIdentifier: 'account.vault', valueType: 'Reference' } }),
        ),
      ]);
      expect([type.body.message, identifier.body.message, path.body.message]).toEqual([
        expect.stringContaining('cannot be changed to SecretFile'),
        expect.stringContaining('the path "inline"'),
        expect.stringContaining('needs a path'),
      ]);
      expect(await at.valueOf('inline')).toBe('very secret');
    });

    it('keep their value when an update leaves it out, and lose the old one when it brings another', async () => {
      await at.call('PUT', `/ng/api/v2/secrets/inline?${PROJECT}`, textSecret('inline', null, { name: 'Renamed' }));
      expect(await at.valueOf('inline')).toBe('very secret');
      await at.call('PUT', `/ng/api/v2/secrets/inline?${PROJECT}`, textSecret('inline', 'newer'));
      expect(await at.valueOf('inline')).toBe('newer');
    });

    it('of other kinds are refused by name', async () => {
      const [winRm, custom] = await Promise.all([
        at.post(`/ng/api/v2/secrets?${PROJECT}`, textSecret('x', 'v', { type: 'WinRmCredentials' })),
        at.post(
          `/ng/api/v2/secrets?${PROJECT}`,
          textSecret('x', 'v', { spec: { ...LOCAL, valueType: 'CustomSecretManagerValues', value: 'v' } }),
        ),
      ]);
      expect([winRm.status, winRm.body.message]).toEqual([400, expect.stringContaining('(WinRmCredentials)')]);
      expect([custom.status, custom.body.errors[0].fieldId]).toEqual([400, 'secret.spec.valueType']);
    });

    it('cannot be called like a word of the addresses', async () => {
      for (const word of ['list', 'files', 'yaml', 'validate']) {
        expect((await at.post(`/ng/api/v2/secrets?${PROJECT}`, textSecret(word, 'v'))).body.message).toContain(
          'cannot be the identifier',
        );
        expect((await at.call('GET', `/ng/api/v2/secrets/${word}?${PROJECT}`)).status).toBe(400);
      }
    });

    it('answer 404 with the code that tells clients to forget them', async () => {
      for (const [method, path, body] of [
        ['GET', 'none', undefined],
        ['PUT', 'none', textSecret('none', 'x')],
        ['DELETE', 'none', undefined],
      ] as const) {
        const answer = await at.call(method, `/ng/api/v2/secrets/${path}?${PROJECT}`, body);
        expect([answer.status, answer.body.code]).toEqual([404, 'RESOURCE_NOT_FOUND_EXCEPTION']);
      }
      await expect(at.valueOf('none')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
    });
  });

  describe('of type file', () => {
    it('take the bytes beside the JSON of the secret, also when the file name is sent as a text too', async () => {
      const made = await at.send(
        'POST',
        createSecretFile.path + `?${PROJECT}`,
        secretForm(fileSecret('wallet'), new Uint8Array(randomBytes(1000))),
      );
      expect(made.status).toBe(200);
      expect(made.body.data).toMatchObject({
        draft: false,
        secret: { ...fileSecret('wallet').secret, description: '', spec: LOCAL },
      });
      expect((await at.call('GET', `/ng/api/v2/secrets/wallet?${PROJECT}`)).body.data.secret).toEqual(
        made.body.data.secret,
      );
    });

    it('are given to tasks as text when they are text, in base64 when not', async () => {
      const bytes = Uint8Array.of(0, 255, 13, 10, 45, 45);
      await at.send('POST', `/ng/api/v2/secrets/files?${PROJECT}`, secretForm(fileSecret('binary'), bytes));
      await at.send(
        'POST',
        `/ng/api/v2/secrets/files?${PROJECT}`,
        secretForm(fileSecret('pem'), 'line one\nzweite Zeile ü\n'),
      );
      expect([await at.valueOf('binary'), await at.valueOf('pem')]).toEqual([
        Buffer.from(bytes).toString('base64'),
        'line one\nzweite Zeile ü\n',
      ]);
    });

    it('keep their bytes when an update brings none', async () => {
      const path = updateSecretFile.path.replace(':identifier', 'pem') + `?${PROJECT}`;
      expect((await at.send('PUT', path, secretForm(fileSecret('pem', { name: 'PEM' })))).body.data.secret.name).toBe(
        'PEM',
      );
      expect(await at.valueOf('pem')).toContain('line one');
      await at.send('PUT', path, secretForm(fileSecret('pem'), 'other'));
      expect(await at.valueOf('pem')).toBe('other');
      expect((await at.call('PUT', `/ng/api/v2/secrets/pem?${PROJECT}`, fileSecret('pem'))).status).toBe(200);
      expect(await at.valueOf('pem')).toBe('other');
    });

    it('are refused without bytes, too large, or when the form is none', async () => {
      const path = `/ng/api/v2/secrets/files?${PROJECT}`;
      const answers = await Promise.all([
        at.send('POST', path, secretForm(fileSecret('x'))),
        at.send('POST', path, secretForm(fileSecret('x'), '')),
        at.send('POST', path, secretForm(fileSecret('x'), new Uint8Array(65_537))),
        at.send('POST', path, secretForm('{"secret":', 'v')),
        at.send('POST', path, secretForm(textSecret('x', null), 'v')),
        at.send('POST', path, secretForm({ secret: { ...fileSecret('x').secret, type: 'Fax' } }, 'v')),
        at.send('POST', path, '--b\r\nno form', 'multipart/form-data; boundary=b'),
        at.send('POST', path, 'x', 'multipart/form-data'),
        at.send('POST', path, JSON.stringify(fileSecret('x')), 'application/json'),
        at.post(`/ng/api/v2/secrets?${PROJECT}`, fileSecret('x')),
        at.send('POST', `/ng/api/v2/secrets?${PROJECT}`, secretForm(fileSecret('x'), 'v')),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400, 400, 400, 415, 400, 415]);
      expect(answers[2]?.body.message).toContain('at most 65536 bytes');
      expect(answers[9]?.body.message).toContain('/ng/api/v2/secrets/files');
      expect((await at.call('GET', `/ng/api/v2/secrets/x?${PROJECT}`)).status).toBe(404);
    });

    it('belong to the scope of the query; their own must lie in it', async () => {
      const elsewhere = await at.send(
        'POST',
        `/ng/api/v2/secrets/files?${PROJECT}`,
        secretForm(fileSecret('x', { projectIdentifier: 'other' }), 'v'),
      );
      expect([elsewhere.status, elsewhere.body.errors[0].fieldId]).toEqual([400, 'projectIdentifier']);
      const inside = await at.send(
        'POST',
        '/ng/api/v2/secrets/files?accountIdentifier=A1',
        secretForm(fileSecret('narrower'), 'v'),
      );
      expect(inside.body.data.secret).toMatchObject(inProject);
    });
  });

  describe('of type SSH key', () => {
    it.each([
      ['a key reference', keyReference('pem', 'inline')],
      [
        'a key path',
        {
          type: 'SSH',
          spec: {
            credentialType: 'KeyPath',
            spec: { userName: 'git', keyPath: '/etc/keys/id', encryptedPassphrase: 'account.shared' },
          },
        },
      ],
      [
        'a password',
        { type: 'SSH', spec: { credentialType: 'Password', spec: { userName: 'git', password: 'account.shared' } } },
      ],
      [
        'a Kerberos key tab',
        {
          type: 'Kerberos',
          spec: {
            principal: 'p',
            realm: 'R',
            tgtGenerationMethod: 'KeyTabFilePath',
            spec: { keyPath: '/etc/krb5.keytab' },
          },
        },
      ],
      [
        'a Kerberos password',
        {
          type: 'Kerberos',
          spec: { principal: 'p', realm: 'R', tgtGenerationMethod: 'Password', spec: { password: 'inline' } },
        },
      ],
      ['Kerberos alone', { type: 'Kerberos', spec: { principal: 'p', realm: 'R' } }],
    ])('with %s answer what was sent', async (what, auth) => {
      await at.post(
        '/ng/api/v2/secrets?accountIdentifier=A1',
        textSecret('shared', 'phrase', { orgIdentifier: null, projectIdentifier: null }),
      );
      const identifier = what.replace(/\W/g, '_');
      const made = await at.post(`/ng/api/v2/secrets?${PROJECT}`, sshKeySecret(identifier, auth));
      const { type: _, ...kept } = auth.spec as { type?: string };
      expect(made.body.data.secret.spec).toEqual({ port: 22, auth: { ...auth, spec: kept } });
      expect((await at.call('GET', `/ng/api/v2/secrets/${identifier}?${PROJECT}`)).body.data.secret).toEqual(
        made.body.data.secret,
      );
    });

    it('name secrets that exist and hold a value', async () => {
      const [missing, key] = await Promise.all([
        at.post(`/ng/api/v2/secrets?${PROJECT}`, sshKeySecret('x', keyReference('none'))),
        at.post(`/ng/api/v2/secrets?${PROJECT}`, sshKeySecret('x', keyReference('a_password'))),
      ]);
      expect([missing.body.code, missing.body.errors[0].fieldId, key.body.message]).toEqual([
        'INVALID_IDENTIFIER_REF',
        'secret.spec.auth.spec.spec.key',
        expect.stringContaining('is itself an SSH key'),
      ]);
    });

    it('keep the secrets they are made of from being deleted, unless forced', async () => {
      const refused = await at.call('DELETE', `/ng/api/v2/secrets/pem?${PROJECT}`);
      expect([refused.status, refused.body.code, refused.body.message]).toEqual([
        400,
        'ENTITY_REFERENCED',
        expect.stringContaining('secret a_key_reference (project A1/o/p)'),
      ]);
      await at.send('POST', `/ng/api/v2/secrets/files?${PROJECT}`, secretForm(fileSecret('temporary'), 'v'));
      await at.post(`/ng/api/v2/secrets?${PROJECT}`, sshKeySecret('of_temporary', keyReference('temporary')));
      expect((await at.call('DELETE', `/ng/api/v2/secrets/temporary?${PROJECT}&forceDelete=true`)).body.data).toBe(
        true,
      );
      expect((await at.call('DELETE', `/ng/api/v2/secrets/of_temporary?${PROJECT}`)).body.data).toBe(true);
    });

    it('have no value of their own', async () => {
      await expect(at.valueOf('a_key_reference')).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('is an SSH key'),
      });
    });

    it('need what their kind of credential needs', async () => {
      const answers = await Promise.all([
        at.post(
          `/ng/api/v2/secrets?${PROJECT}`,
          sshKeySecret('x', { type: 'SSH', spec: { credentialType: 'Smoke', spec: {} } }),
        ),
        at.post(`/ng/api/v2/secrets?${PROJECT}`, sshKeySecret('x', { type: 'Telnet', spec: {} })),
        at.post(
          `/ng/api/v2/secrets?${PROJECT}`,
          sshKeySecret('x', {
            type: 'Kerberos',
            spec: { principal: 'p', realm: 'r', tgtGenerationMethod: 'Password' },
          }),
        ),
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
      const { status, body } = await at.post(`/ng/api/v2/secrets/validate?${PROJECT}&identifier=${identifier}`, {
        type: 'SSHKey',
        host: 'git.example.com',
      });
      expect(status).toBe(200);
      return [body.data.success, body.data.message];
    };
    const storeKey = async (identifier: string, key: string, passphrase?: string): Promise<void> => {
      await at.send('POST', `/ng/api/v2/secrets/files?${PROJECT}`, secretForm(fileSecret(`${identifier}_file`), key));
      await at.post(
        `/ng/api/v2/secrets?${PROJECT}`,
        sshKeySecret(identifier, keyReference(`${identifier}_file`, passphrase)),
      );
    };

    it('tell whether a key can be read, and say that nobody was dialled', async () => {
      const { privateKey } = generateKeyPairSync('ed25519', {
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      });
      await storeKey('good', privateKey);
      await storeKey('bad', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n');
      expect(await validate('good')).toEqual([
        true,
        expect.stringMatching(/readable private key \(ed25519\); no connection to git\.example\.com was made/),
      ]);
      expect(await validate('bad')).toEqual([false, expect.stringContaining('is damaged')]);
    });

    it('try the passphrase of an encrypted key', async () => {
      const { privateKey } = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'phrase' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      });
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
      expect((await at.post(`/ng/api/v2/secrets/validate?${PROJECT}&identifier=none`, {})).status).toBe(404);
    });
  });

  it('put no value into the database or the audit trail', async () => {
    const rows = await at.ng.pg.query(
      at.ng.database,
      'SELECT row_to_json(e) AS event FROM audit_events e UNION ALL SELECT row_to_json(s) FROM secrets s',
    );
    const dump = JSON.stringify(rows);
    for (const value of ['very secret', 'newer', 'zweite', 'canary'])
      expect([value, dump.includes(value), dump.includes(Buffer.from(value).toString('hex'))]).toEqual([
        value,
        false,
        false,
      ]);
    expect(dump).toContain('secretAccess');
  });
});
