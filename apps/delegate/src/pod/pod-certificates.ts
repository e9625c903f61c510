import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  cryptoProvider,
  type X509Certificate,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const LIFE_MS = 7 * 24 * 3_600_000;
/** Clocks inside one machine agree; a step back of the clock must not make a fresh certificate invalid. */
const BACKDATE_MS = 60 * 60_000;

/** A certificate with its key, as PEM. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** The certificate authority of one pod. Its key lives in memory, until the pod's certificates are made. */
export class PodAuthority {
  private constructor(
    private readonly certificate: X509Certificate,
    private readonly keys: CryptoKeyPair,
    private readonly address: string,
  ) {}

  /** @param address the pod's IP address; every certificate names it */
  static async create(address: string): Promise<PodAuthority> {
    cryptoProvider.set(webcrypto as never);
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: `CN=pod ${address}`,
      ...life(),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    return new PodAuthority(certificate, keys, address);
  }

  get pem(): string {
    return this.certificate.toString('pem');
  }

  /** A certificate whose common name says which of the pod's parties holds it. */
  async issue(commonName: string): Promise<IssuedCertificate> {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: `CN=${commonName}`,
      issuer: this.certificate.subject,
      ...life(),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension([{ type: 'ip', value: this.address }]),
      ],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    return {
      cert: certificate.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})(?=.)/g, '$1\n')}\n-----END PRIVATE KEY-----\n`,
    };
  }
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function serial(): string {
  return `00${randomBytes(15).toString('hex')}`;
}

function life(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + LIFE_MS) };
}
