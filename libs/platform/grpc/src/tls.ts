import { readFileSync } from 'node:fs';
import { credentials, ServerCredentials, type ChannelCredentials } from '@grpc/grpc-js';
import { AppError, messageOf } from '@sluice/kernel';

/** Paths of PEM files: the authority both sides trust, and this side's own certificate and key. */
interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface TlsMaterial {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** @throws AppError INVALID_REQUEST naming the file that cannot be read */
export function readTlsFiles(files: TlsFiles): TlsMaterial {
  return {
    ca: readPem('CA certificate', files.ca),
    cert: readPem('certificate', files.cert),
    key: readPem('private key', files.key),
  };
}

function readPem(what: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new AppError('INVALID_REQUEST', `${what} ${path} cannot be read: ${messageOf(cause)}`, {}, { cause });
  }
}

/** Server side of mutual TLS: a client without a certificate of the same authority is refused in the handshake. */
export function serverCredentials(tls: TlsMaterial): ServerCredentials {
  return ServerCredentials.createSsl(tls.ca, [{ cert_chain: tls.cert, private_key: tls.key }], true);
}

/**
 * Client side of mutual TLS. The server must hold a certificate of the same authority whose common name is `serverName`;
 * its address does not matter, because pods get theirs only when they start.
 */
export function clientCredentials(tls: TlsMaterial, serverName: string): ChannelCredentials {
  return credentials.createSsl(tls.ca, tls.key, tls.cert, {
    checkServerIdentity: (address, certificate) =>
      certificate.subject.CN === serverName
        ? undefined
        : new Error(`${address} presented a certificate of "${certificate.subject.CN}", not of "${serverName}"`),
  });
}

/** What the authorisation rule needs of a gRPC call. */
export interface AuthenticatedCall {
  getAuthContext(): { sslPeerCertificate?: { subject: { CN?: string | string[] } } };
}

/** Refuses a caller whose certificate carries another common name. @throws AppError ACCESS_DENIED */
export function requirePeer(call: AuthenticatedCall, ...names: readonly string[]): void {
  const name = call.getAuthContext().sslPeerCertificate?.subject.CN;
  if (typeof name === 'string' && names.includes(name)) return;
  throw new AppError('ACCESS_DENIED', `"${String(name)}" may not call this service; only ${names.join(' and ')} may`);
}
