import { createPrivateKey } from 'node:crypto';
import { messageOf } from '@sluice/kernel';

/** What an SSH private key is, as far as can be told without connecting. */
export interface SshKeyFacts {
  /** Such as `ssh-ed25519`, `ssh-rsa`; `rsa`, `ec` for PEM. */
  readonly type: string;
  /** `passphraseFits`: true or false where it could be tried, null where it could not. */
  readonly encryption:
    | { readonly isEncrypted: false }
    | { readonly isEncrypted: true; readonly passphraseFits: boolean | null };
}

const OPENSSH = /^-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END OPENSSH PRIVATE KEY-----\s*$/;
const MAGIC = 'openssh-key-v1\0';

/** @throws Error saying what is wrong with the text; the text itself is in no message */
export function readSshKey(text: string, passphrase: string | undefined): SshKeyFacts {
  const openssh = OPENSSH.exec(text.trim());
  return openssh ? readOpenSsh(Buffer.from(openssh[1] ?? '', 'base64')) : readPem(text, passphrase);
}

function readPem(text: string, passphrase: string | undefined): SshKeyFacts {
  if (!/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text)) {
    if (/^(ssh-|ecdsa-)/.test(text.trim())) throw new Error('it is a public key; the private key is needed');
    throw new Error('it is no private key: neither the OpenSSH nor the PEM format');
  }
  const isEncrypted = /Proc-Type: 4,ENCRYPTED|BEGIN ENCRYPTED PRIVATE KEY/.test(text);
  if (isEncrypted && passphrase === undefined)
    return { type: 'pem', encryption: { isEncrypted: true, passphraseFits: null } };
  try {
    const key = createPrivateKey({ key: text, ...(isEncrypted ? { passphrase: passphrase ?? '' } : {}) });
    return {
      type: key.asymmetricKeyType ?? 'pem',
      encryption: isEncrypted ? { isEncrypted: true, passphraseFits: true } : { isEncrypted: false },
    };
  } catch (cause) {
    if (isEncrypted) return { type: 'pem', encryption: { isEncrypted: true, passphraseFits: false } };
    throw new Error(`it cannot be read: ${messageOf(cause).slice(0, 200)}`, { cause });
  }
}

/** PROTOCOL.key of OpenSSH: magic, cipher, kdf, kdf options, number of keys, public keys, private part. */
function readOpenSsh(bytes: Buffer): SshKeyFacts {
  if (bytes.subarray(0, MAGIC.length).toString('latin1') !== MAGIC)
    throw new Error('it is damaged: its first bytes are not those of an OpenSSH key');
  const reader = new SshReader(bytes, MAGIC.length);
  const cipher = reader.text();
  reader.text();
  reader.bytes();
  if (reader.number() !== 1) throw new Error('it must hold exactly one key');
  const type = new SshReader(reader.bytes(), 0).text();
  const secretPart = reader.bytes();
  // The passphrase goes through bcrypt_pbkdf, which is not there to try it.
  if (cipher !== 'none') return { type, encryption: { isEncrypted: true, passphraseFits: null } };
  const inside = new SshReader(secretPart, 0);
  if (inside.number() !== inside.number() || inside.text() !== type)
    throw new Error('it is damaged: its private part does not fit its public one');
  return { type, encryption: { isEncrypted: false } };
}

class SshReader {
  constructor(
    private readonly source: Buffer,
    private at: number,
  ) {}

  number(): number {
    if (this.at + 4 > this.source.length) throw new Error('it is cut off');
    this.at += 4;
    return this.source.readUInt32BE(this.at - 4);
  }

  bytes(): Buffer {
    const length = this.number();
    if (this.at + length > this.source.length) throw new Error('it is cut off');
    this.at += length;
    return this.source.subarray(this.at - length, this.at);
  }

  text(): string {
    return this.bytes().toString('latin1');
  }
}
