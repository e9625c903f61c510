import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type CallOrigin, type Principal, type RoleGrant } from '@sluice/kernel';
import {
  SignJWT,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importPKCS8,
  importSPKI,
  jwtVerify,
  type CryptoKey,
  type JWTPayload,
} from 'jose';
import { callClaims } from './call-claims.js';

/** The Sluice services that sign calls. Each has its own Ed25519 key; receivers hold the public halves. */
export const SERVICE_NAMES = [
  'gateway',
  'ng-manager',
  'pipeline',
  'dbdevops',
  'scm',
  'log-service',
  'delegate-service',
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** On whose behalf a service calls another. */
export interface CallIdentity {
  readonly accountId: string;
  readonly principal: Principal;
  readonly grants: readonly RoleGrant[];
  /** Where the user's request entered; travels along for the audit trail. */
  readonly origin?: CallOrigin | undefined;
}

export interface VerifiedCall extends CallIdentity {
  readonly caller: ServiceName;
}

/**
 * What a token is for, written into its protected header as `typ`: a call between services, the writing or reading of logs, a link that is its own
 * proof. A token made for one purpose proves nothing for another, whatever its claims say.
 */
export type TokenPurpose = 'call+jwt' | 'log+jwt' | 'link+jwt';

const TOKEN_SECONDS = 60;
const CACHED_TOKENS = 500;

/**
 * Signs and checks the short-lived tokens services show each other. A token names its caller (`iss`), its receiver (`aud`) and
 * carries the end user inside, so that every service can check access itself.
 */
export class ServiceIdentity {
  private readonly issued = new Map<string, { readonly token: string; readonly until: number }>();
  private readonly publicKeys = new Map<string, Promise<CryptoKey>>();

  private constructor(
    readonly service: ServiceName,
    private readonly privateKey: CryptoKey,
    private readonly keysDir: string,
  ) {}

  /** @param keyFile PKCS#8 PEM of this service's Ed25519 key @param keysDir folder with `<service>.pub` (SPKI PEM) of every service */
  static async load(options: { service: ServiceName; keyFile: string; keysDir: string }): Promise<ServiceIdentity> {
    const privateKey = await importPKCS8(await readFile(options.keyFile, 'utf8'), 'EdDSA');
    return new ServiceIdentity(options.service, privateKey, options.keysDir);
  }

  /** A token for calling `audience` as `identity`; reused while it has half its life left. */
  async tokenFor(audience: ServiceName, identity: CallIdentity): Promise<string> {
    const claims = {
      accountId: identity.accountId,
      principal: identity.principal,
      grants: identity.grants,
      ...(identity.origin ? { origin: identity.origin } : {}),
    };
    const key = JSON.stringify([audience, claims]);
    const known = this.issued.get(key);
    if (known && known.until > Date.now()) return known.token;
    const token = await this.signed('call+jwt', audience, claims, TOKEN_SECONDS);
    if (this.issued.size >= CACHED_TOKENS) this.issued.clear();
    this.issued.set(key, { token, until: Date.now() + (TOKEN_SECONDS / 2) * 1000 });
    return token;
  }

  /** Checks a service token. @throws AppError INVALID_TOKEN, EXPIRED_TOKEN, or ACCESS_DENIED when the caller may not call here. */
  async verifyCall(token: string, allowedCallers: readonly ServiceName[]): Promise<VerifiedCall> {
    const { claims, issuer } = await this.verify('call+jwt', token, allowedCallers);
    const parsed = callClaims.safeParse(claims);
    if (parsed.success) return { caller: issuer, ...parsed.data };
    const fields = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    throw new AppError('INVALID_TOKEN', `the service token of ${issuer} does not say who calls (${fields})`);
  }

  /** Signs claims for one receiver and one purpose: log tokens, links. @param ttlSeconds life of the token */
  async sign(
    purpose: Exclude<TokenPurpose, 'call+jwt'>,
    audience: ServiceName,
    claims: JWTPayload,
    ttlSeconds: number,
  ): Promise<string> {
    return this.signed(purpose, audience, claims, ttlSeconds);
  }

  /** Checks a token of one purpose that is meant for this service. @throws AppError as {@link verifyCall} */
  async verify(
    purpose: TokenPurpose,
    token: string,
    allowedIssuers: readonly ServiceName[],
  ): Promise<{ claims: JWTPayload; issuer: ServiceName }> {
    assertPurpose(purpose, token);
    const issuer = allowedIssuers.find((name) => name === issuerOf(token));
    if (!issuer)
      throw new AppError(
        'ACCESS_DENIED',
        `${this.service} takes no calls from ${issuerOf(token) ?? 'an unnamed caller'}`,
      );
    try {
      const { payload } = await jwtVerify(token, await this.publicKeyOf(issuer), {
        audience: this.service,
        issuer,
        typ: purpose,
        algorithms: ['EdDSA'],
        clockTolerance: 5,
      });
      return { claims: payload, issuer };
    } catch (cause) {
      if (cause instanceof errors.JWTExpired)
        throw new AppError('EXPIRED_TOKEN', 'the token has expired; ask for a new one', {}, { cause });
      throw new AppError('INVALID_TOKEN', 'the token is not valid for this service', {}, { cause });
    }
  }

  private async signed(
    purpose: TokenPurpose,
    audience: ServiceName,
    claims: JWTPayload,
    ttlSeconds: number,
  ): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ: purpose, kid: this.service })
      .setIssuer(this.service)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${ttlSeconds}s`)
      .sign(this.privateKey);
  }

  private publicKeyOf(service: ServiceName): Promise<CryptoKey> {
    const known = this.publicKeys.get(service);
    if (known) return known;
    const loading = readFile(join(this.keysDir, `${service}.pub`), 'utf8').then((pem) => importSPKI(pem, 'EdDSA'));
    loading.catch(() => this.publicKeys.delete(service));
    this.publicKeys.set(service, loading);
    return loading;
  }
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** A token of another purpose is no proof here, also when its issuer may not call here either. What is no token at all is judged by its issuer. */
function assertPurpose(purpose: TokenPurpose, token: string): void {
  const typ = purposeOf(token);
  if (typ === undefined || typ === purpose) return;
  throw new AppError(
    'INVALID_TOKEN',
    `the token was made for another purpose ("${typ}"); this address takes "${purpose}"`,
  );
}

function purposeOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).typ;
  } catch {
    return undefined;
  }
}
