import { realpath } from 'node:fs/promises';
import { posix } from 'node:path';
import { AppError } from '@sluice/kernel';
import { refusedUrl } from './jdbc-options.js';

/** Where operators put certificates and keys for databases unless they name another folder; existing clients write this path. */
export const DEFAULT_DATABASE_CERTS_DIR = '/etc/ssl/certs/dbops';

/** Options whose value names a file of the machine that opens the connection. Lower case: MariaDB's driver takes any spelling. */
const FILE_OPTIONS: ReadonlySet<string> = new Set(['sslrootcert', 'sslcert', 'sslkey', 'serversslcert']);

interface NamedFile {
  readonly option: string;
  readonly path: string;
}

/** Is the value of `serverSslCert` the certificate itself? */
export function isCertificateText(value: string): boolean {
  return value.startsWith('-----BEGIN CERTIFICATE-----');
}

function filesIn(options: Readonly<Record<string, string>>): NamedFile[] {
  return Object.entries(options)
    .filter(
      ([option, value]) =>
        FILE_OPTIONS.has(option.toLowerCase()) &&
        !(option.toLowerCase() === 'serversslcert' && isCertificateText(value)),
    )
    .map(([option, path]) => ({ option, path }));
}

/** Pure; looks at no file. @throws AppError INVALID_REQUEST for a path that is not absolute, or leads up again */
export function requirePlainPaths(options: Readonly<Record<string, string>>): void {
  for (const { option, path } of filesIn(options)) {
    if (path.startsWith('/') && !path.includes('\0') && posix.normalize(path) === path) continue;
    throw refusedUrl(
      `option "${option}" of the database URL must be the absolute path of a file without ".." or "//", below the folder that DELEGATE_DATABASE_CERTS_DIR of the delegate names`,
    );
  }
}

/**
 * Keeps a connection from opening other files than the operator's certificates and keys for databases: neither by name nor through a symbolic link.
 * The answer for a path outside the folder is the same whether a file is there or not.
 * @param folder absolute path; its real place counts
 * @throws AppError INVALID_REQUEST naming the option and the folder
 */
export async function requireFilesBelow(
  { options }: { readonly options: Readonly<Record<string, string>> },
  folder: string,
): Promise<void> {
  requirePlainPaths(options);
  for (const { option, path } of filesIn(options)) {
    const refused = (): AppError =>
      refusedUrl(
        `option "${option}" of the database URL must name a file below ${folder}; the operator of the delegate puts certificates and keys for databases there, or names another folder with DELEGATE_DATABASE_CERTS_DIR`,
      );
    if (!isBelow(path, folder)) throw refused();
    const [place, root] = await Promise.all([realpath(path), realpath(folder)]).catch(() => {
      throw refusedUrl(
        `option "${option}" of the database URL names ${path}, and the delegate cannot read a file there`,
      );
    });
    if (!isBelow(place, root)) throw refused();
  }
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder.replace(/\/+$/, '')}/`);
}
