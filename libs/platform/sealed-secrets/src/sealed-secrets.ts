import type { webcrypto } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';

/**
 * HPKE (RFC 9180) base mode, X25519 / HKDF-SHA256 / AES-256-GCM. The `context` binds a sealed value to one task, epoch and
 * expression: opened with any other context it fails, so a sealed value cannot be replayed for other work.
 */
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

const toBase64 = (bytes: ArrayBuffer | Uint8Array): string =>
  Buffer.from(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)).toString('base64url');
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'base64url'));
const ENC_BYTES = 32;

export interface SealingKeyPair {
  /** base64url of the raw X25519 public key. */
  readonly publicKey: string;
  readonly privateKey: webcrypto.CryptoKey;
}

/** A key pair for one delegate process; the private half never leaves it. */
export async function generateSealingKeyPair(): Promise<SealingKeyPair> {
  const pair = await suite.kem.generateKeyPair();
  return { publicKey: toBase64(await suite.kem.serializePublicKey(pair.publicKey)), privateKey: pair.privateKey };
}

/** Seals `plain` to the holder of `publicKey`. Result: base64url of `enc ‖ ciphertext`. */
export async function seal(publicKey: string, plain: string, context: string): Promise<string> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(fromBase64(publicKey).buffer);
  const sender = await suite.createSenderContext({
    recipientPublicKey,
    info: new TextEncoder().encode('sluice/secret/v1').buffer,
  });
  const ciphertext = await sender.seal(
    new TextEncoder().encode(plain).buffer,
    new TextEncoder().encode(context).buffer,
  );
  return toBase64(Buffer.concat([new Uint8Array(sender.enc), new Uint8Array(ciphertext)]));
}

/** Opens what {@link seal} made. @throws Error when key or context do not fit */
export async function open(keyPair: SealingKeyPair, sealed: string, context: string): Promise<string> {
  const bytes = fromBase64(sealed);
  const recipient = await suite.createRecipientContext({
    recipientKey: keyPair.privateKey,
    enc: bytes.slice(0, ENC_BYTES).buffer,
    info: new TextEncoder().encode('sluice/secret/v1').buffer,
  });
  const plain = await recipient.open(bytes.slice(ENC_BYTES).buffer, new TextEncoder().encode(context).buffer);
  return new TextDecoder().decode(plain);
}

/** The context both sides use: one value, one expression, one lease. */
export function sealingContext(taskId: string, epoch: number, expression: string): string {
  return `${taskId}/${epoch}/${expression}`;
}
