import { Injectable } from '@nestjs/common';
import { resolveUsableRefIn } from '@sluice/api-conventions';
import { AppError, assertNever, messageOf, type RequestContext, type ScopedRef } from '@sluice/kernel';
import type { SecretBody, SshKeySpec } from '@sluice/ng-manager-api';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { testNoted } from '../security-event/test-noted.js';
import { SecretService } from './secret.service.js';
import { SecretValues } from './secret-values.js';
import { readSshKey, type SshKeyFacts } from './ssh-key.js';

export interface SecretVerdict {
  readonly success: boolean;
  /** Says also what was not tried. */
  readonly message: string;
}

/** Tells whether a stored secret can be used, without dialling anybody: hosts are reached by delegates only, and none connects by SSH. */
@Injectable()
export class SecretValidation {
  constructor(
    private readonly secrets: SecretService,
    private readonly values: SecretValues,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** @throws AppError RESOURCE_NOT_FOUND; what is wrong with the secret itself is a verdict */
  async validate(ctx: RequestContext, ref: ScopedRef, host: string | undefined): Promise<SecretVerdict> {
    const { secret } = await this.secrets.get(ctx, ref);
    try {
      const found = await this.examine(ctx, ref, secret);
      return { ...found, message: `${found.message}; no connection ${host ? `to ${host} ` : ''}was made` };
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.httpStatus >= 500) throw cause;
      return { success: false, message: cause.message };
    }
  }

  private async examine(ctx: RequestContext, ref: ScopedRef, secret: SecretBody): Promise<SecretVerdict> {
    switch (secret.type) {
      case 'SecretText':
      case 'SecretFile':
        await this.open(ctx, ref, [{ ref: ref.identifier, at: ref }]);
        return { success: true, message: 'the value can be read' };
      case 'SSHKey':
        return this.examineSshKey(ctx, ref, secret.spec.auth);
      default:
        return assertNever(secret);
    }
  }

  /** No value is opened before that is among the security events. */
  private async open(
    ctx: RequestContext,
    tested: ScopedRef,
    secrets: readonly { readonly ref: string; readonly at: ScopedRef }[],
  ): Promise<string[]> {
    if (secrets.length === 0) return [];
    await this.unitOfWork.run((stores) =>
      stores.securityEvents.add(
        testNoted(
          ctx,
          'secretTest',
          'allowed',
          tested,
          secrets.map(({ ref }) => ref),
        ),
      ),
    );
    return this.values.read(
      ctx,
      secrets.map(({ at }) => at),
      { purpose: 'validation' },
    );
  }

  /** What references of a secret name. A refusal is a security event. @throws AppError INVALID_IDENTIFIER_REF */
  private async usable(
    ctx: RequestContext,
    tested: ScopedRef,
    refs: readonly string[],
  ): Promise<readonly { readonly ref: string; readonly at: ScopedRef }[]> {
    try {
      return refs.map((ref) => ({ ref, at: resolveUsableRefIn(ctx, 'secret', 'secret.spec.auth', ref, tested.scope) }));
    } catch (cause) {
      await this.unitOfWork.run((stores) =>
        stores.securityEvents.add(testNoted(ctx, 'secretTest', 'refused', tested, refs)),
      );
      throw cause;
    }
  }

  private async examineSshKey(
    ctx: RequestContext,
    tested: ScopedRef,
    auth: SshKeySpec['auth'],
  ): Promise<SecretVerdict> {
    const read = async (...refs: readonly string[]): Promise<string[]> =>
      this.open(ctx, tested, await this.usable(ctx, tested, refs));
    if (auth.type === 'Kerberos') {
      if (auth.spec.tgtGenerationMethod === 'Password') await read(auth.spec.spec.password);
      return {
        success: true,
        message:
          auth.spec.tgtGenerationMethod === 'Password'
            ? 'the Kerberos password can be read; no ticket was asked for'
            : 'nothing of Kerberos can be checked here: the key tab is a file of the delegate',
      };
    }
    const credential = auth.spec;
    if (credential.credentialType === 'Password') {
      await read(credential.spec.password);
      return { success: true, message: 'the SSH password can be read' };
    }
    const passphraseRefs = credential.spec.encryptedPassphrase ? [credential.spec.encryptedPassphrase] : [];
    if (credential.credentialType === 'KeyPath') {
      await read(...passphraseRefs);
      return {
        success: true,
        message: `the key is the file ${credential.spec.keyPath} of the delegate, which was not looked at`,
      };
    }
    const [key = '', passphrase] = await read(credential.spec.key, ...passphraseRefs);
    return verdictOn(credential.spec.key, () => readSshKey(key, passphrase), passphrase !== undefined);
  }
}

function verdictOn(keyRef: string, read: () => SshKeyFacts, hasPassphrase: boolean): SecretVerdict {
  try {
    const { type, encryption } = read();
    if (!encryption.isEncrypted)
      return { success: true, message: `the key in secret "${keyRef}" is a readable private key (${type})` };
    if (!hasPassphrase)
      return {
        success: false,
        message: `the key in secret "${keyRef}" is encrypted (${type}); name the secret with its passphrase in encryptedPassphrase`,
      };
    if (encryption.passphraseFits === null)
      return {
        success: true,
        message: `the key in secret "${keyRef}" is a well-formed encrypted private key (${type}), whose passphrase could not be tried`,
      };
    return encryption.passphraseFits
      ? { success: true, message: `the key in secret "${keyRef}" opens with its passphrase (${type})` }
      : {
          success: false,
          message: `the key in secret "${keyRef}" does not open with the passphrase in encryptedPassphrase`,
        };
  } catch (cause) {
    return { success: false, message: `the key in secret "${keyRef}" cannot be used: ${messageOf(cause)}` };
  }
}
