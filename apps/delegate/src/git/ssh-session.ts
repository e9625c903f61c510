import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@sluice/kernel';
import type { GitCredentials } from './git-credentials.js';

/** What git needs to go through ssh with one key. `close` removes the key. */
export interface SshSession {
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface SshOptions {
  /** Where keys lie while they are used, and where hosts are remembered. */
  readonly folder: string;
  /** Hosts the operator knows: only these are talked to. Without the file a host is remembered at its first contact, and a changed key is refused. */
  readonly knownHostsFile: string | undefined;
}

const CONNECT_TIMEOUT_S = 15;
const NO_SESSION: SshSession = { environment: {}, close: async () => undefined };

/** Is this the address of a repository that is reached by ssh? */
export function isSshAddress(url: string): boolean {
  return url.startsWith('ssh://') || /^[\w.-]+@[\w.-]+:(?!\/\/)/.test(url);
}

/**
 * Writes the key where only this process's user reads it and tells ssh to use that key, no other, and to trust no host that changed its key.
 * @throws AppError INVALID_REQUEST for a key that is none
 */
export async function openSshSession(
  url: string,
  { username, sshKey }: GitCredentials,
  options: SshOptions,
): Promise<SshSession> {
  if (!isSshAddress(url)) return NO_SESSION;
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(options.folder, 'session-'));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const keyFile = sshKey && (await writeKey(folder, sshKey.key));
    const askpass = sshKey?.passphrase === undefined ? undefined : await writeAskpass(folder);
    return {
      environment: environmentOf(url, { username, keyFile, askpass, passphrase: sshKey?.passphrase }, options),
      close,
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function writeKey(folder: string, key: string): Promise<string> {
  if (!/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(key.trimStart()))
    throw new AppError(
      'INVALID_REQUEST',
      'the SSH key secret of the Git connector holds no private key in PEM or OpenSSH form (-----BEGIN … PRIVATE KEY-----)',
      { failureType: 'Authentication' },
    );
  const file = join(folder, 'key');
  // ssh refuses a key whose last line has no end.
  await writeFile(file, `${key.replaceAll('\r\n', '\n').trim()}\n`, { mode: 0o600 });
  return file;
}

/** ssh asks this program for the passphrase; it is in the environment of that one process. */
async function writeAskpass(folder: string): Promise<string> {
  const file = join(folder, 'askpass');
  await writeFile(file, '#!/bin/sh\nprintf \'%s\\n\' "$SLUICE_SSH_PASSPHRASE"\n', { mode: 0o700 });
  return file;
}

interface Identity {
  readonly username: string | undefined;
  readonly keyFile: string | undefined;
  readonly askpass: string | undefined;
  readonly passphrase: string | undefined;
}

function environmentOf(
  url: string,
  { username, keyFile, askpass, passphrase }: Identity,
  { folder, knownHostsFile }: SshOptions,
): Record<string, string> {
  const options = [
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    `IdentityFile=${inOption(keyFile ?? 'none')}`,
    'PreferredAuthentications=publickey',
    'PasswordAuthentication=no',
    'KbdInteractiveAuthentication=no',
    `StrictHostKeyChecking=${knownHostsFile === undefined ? 'accept-new' : 'yes'}`,
    `UserKnownHostsFile=${inOption(knownHostsFile ?? join(folder, 'known_hosts'))}`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'ForwardAgent=no',
    'ForwardX11=no',
    'PermitLocalCommand=no',
    'ProxyCommand=none',
    'ClearAllForwardings=yes',
    `ConnectTimeout=${CONNECT_TIMEOUT_S}`,
    'NumberOfPasswordPrompts=1',
    `BatchMode=${askpass === undefined ? 'yes' : 'no'}`,
  ];
  const user = username !== undefined && !namesUser(url) ? ['-l', username] : [];
  return {
    GIT_SSH_COMMAND: ['ssh', '-F', '/dev/null', ...user, ...options.flatMap((option) => ['-o', option])]
      .map(quoted)
      .join(' '),
    GIT_SSH_VARIANT: 'ssh',
    ...(askpass === undefined
      ? {}
      : { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0', SLUICE_SSH_PASSPHRASE: passphrase ?? '' }),
  };
}

function namesUser(url: string): boolean {
  return url.startsWith('ssh://') ? new URL(url).username !== '' : true;
}

/** ssh takes a blank inside the value of an option for its end. */
function inOption(path: string): string {
  return /\s/.test(path) ? `"${path}"` : path;
}

/** git hands the command to a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
