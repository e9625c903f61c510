import 'reflect-metadata'; // @peculiar/x509 wants it first
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

interface TestTlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of one pod, for specs. */
export interface TestPodAuthority {
  /** Writes `<commonName>.crt` and `.key` and returns their paths with that of the CA. */
  issue(commonName: string): Promise<TestTlsFiles>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** Makes a fresh authority whose files lie in `directory`. */
export async function testPodAuthority(directory: string): Promise<TestPodAuthority> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=pod-ca',
    ...validity,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const ca = join(directory, 'ca.crt');
  writeFileSync(ca, authority.toString('pem'));
  let serial = 1;
  return {
    issue: async (commonName) => {
      const own = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
      serial += 1;
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serial.toString(16).padStart(2, '0'),
        subject: `CN=${commonName}`,
        issuer: authority.subject,
        ...validity,
        signingAlgorithm: ALGORITHM,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.SubjectAlternativeNameExtension([
            { type: 'dns', value: commonName },
            { type: 'ip', value: '127.0.0.1' },
          ]),
        ],
      });
      const files = { ca, cert: join(directory, `${commonName}.crt`), key: join(directory, `${commonName}.key`) };
      writeFileSync(files.cert, certificate.toString('pem'));
      writeFileSync(
        files.key,
        x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', own.privateKey), 'PRIVATE KEY'),
        { mode: 0o600 },
      );
      return files;
    },
  };
}
