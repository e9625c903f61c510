import { readFile } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isCertificateText, type JdbcUrl } from '@sluice/db-migration';
import { AppError, messageOf } from '@sluice/kernel';
import { failed, nobodyThere } from './http-ask.js';
import { MysqlConnection } from './mysql-connection.js';
import {
  encryptedPassword,
  loginPacket,
  parseError,
  parseGreeting,
  proofOf,
  tlsRequest,
  type ServerGreeting,
} from './mysql-login.js';
import { PacketStream } from './packet-stream.js';

const LIMIT_MS = 10_000;
const OK = 0x00;
const MORE = 0x01;
const SWITCH = 0xfe;
const ERROR = 0xff;
const FAST_PROOF_TAKEN = 0x03;
const WHOLE_PASSWORD_WANTED = 0x04;

interface Encryption {
  readonly mode: 'never' | 'ifOffered' | 'always';
  readonly verify: boolean;
  readonly checkHost: boolean;
  readonly caFile: string | undefined;
}

/**
 * Signs in to a MySQL or MariaDB server as the JDBC driver would, and leaves again.
 * @returns product and version @throws AppError with a failure type
 */
export function askMysql(url: JdbcUrl, login: MysqlLogin, signal: AbortSignal): Promise<string> {
  return withMysql(url, login, signal, (_connection, version) =>
    Promise.resolve(
      `${/mariadb/i.test(version) ? 'MariaDB' : 'MySQL'} ${version.replace(/^5\.5\.5-/, '').slice(0, 60)}`,
    ),
  );
}

export interface MysqlLogin {
  readonly username: string;
  readonly password: string;
}

/**
 * Signs in as the JDBC driver would, and lets `work` ask the server, for at most {@link LIMIT_MS} in all.
 * @throws AppError with a failure type
 */
export async function withMysql<T>(
  url: JdbcUrl,
  { username, password }: MysqlLogin,
  signal: AbortSignal,
  work: (connection: MysqlConnection, version: string) => Promise<T>,
): Promise<T> {
  const { host, port } = url.hosts[0] ?? { host: '', port: 3306 };
  const where = `${host}:${port}`;
  const socket = connectTcp({ host: host.replace(/^\[|\]$/g, ''), port });
  const stop = (): void => void socket.destroy(new Error('aborted'));
  const limit = setTimeout(() => socket.destroy(new Error(`no answer within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  signal.addEventListener('abort', stop, { once: true });
  const packets = new PacketStream(socket);
  try {
    const first = await packets.next();
    if (first[0] === ERROR) throw refusal(first, where, username, url.database);
    const greeting = parseGreeting(first);
    if (!greeting) throw failed(`${where} answers, but is not a MySQL or MariaDB server`, 'Connectivity');
    await new SignIn(
      packets,
      socket,
      { username, password, database: url.database },
      greeting,
      encryptionOf(url.options),
      { host, where, mayAskForKey: url.options['allowPublicKeyRetrieval'] === 'true' },
    ).run();
    return await work(new MysqlConnection(packets, where), greeting.version);
  } catch (cause) {
    throw connectionFailure(cause, host, where);
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', stop);
    packets.close();
  }
}

interface Place {
  readonly host: string;
  readonly where: string;
  readonly mayAskForKey: boolean;
}

/** One sign-in from greeting to the server's yes or no. */
class SignIn {
  private isEncrypted = false;

  constructor(
    private readonly packets: PacketStream,
    private readonly socket: Socket,
    private readonly login: { readonly username: string; readonly password: string; readonly database: string },
    private readonly greeting: ServerGreeting,
    private readonly encryption: Encryption,
    private readonly place: Place,
  ) {}

  async run(): Promise<void> {
    let { plugin, nonce } = this.greeting;
    await this.encrypt();
    const proof = proofOf(plugin, this.login.password, nonce);
    // A server's favourite that is not known here may not be the user's: name one that is, and let the server switch.
    const named = proof ? plugin : 'mysql_native_password';
    this.packets.send(
      loginPacket(
        this.login,
        named,
        proof ?? proofOf(named, this.login.password, nonce) ?? Buffer.alloc(0),
        this.isEncrypted,
      ),
    );
    for (;;) {
      const packet = await this.packets.next();
      switch (packet[0]) {
        case OK:
          return;
        case ERROR:
          throw refusal(packet, this.place.where, this.login.username, this.login.database);
        case SWITCH: {
          const end = packet.indexOf(0, 1);
          plugin = packet.subarray(1, end < 0 ? undefined : end).toString('latin1');
          nonce = packet.subarray(end + 1, end + 21);
          this.packets.send(this.proof(plugin, nonce));
          break;
        }
        case MORE:
          if (packet[1] === WHOLE_PASSWORD_WANTED) await this.sendWholePassword(nonce);
          else if (packet[1] !== FAST_PROOF_TAKEN)
            throw failed(`the database at ${this.place.where} asks for something this test does not know`, 'Unknown');
          break;
        default:
          throw failed(
            `the database at ${this.place.where} answers the sign-in with something this test does not know`,
            'Unknown',
          );
      }
    }
  }

  private proof(plugin: string, nonce: Buffer): Buffer {
    const proof = proofOf(plugin, this.login.password, nonce);
    if (proof) return proof;
    if (plugin === 'mysql_clear_password' && this.isEncrypted) return Buffer.from(`${this.login.password}\0`);
    throw failed(
      `user "${this.login.username}" signs in to the database at ${this.place.where} by "${plugin.slice(0, 60)}", which this test cannot do`,
      'Authentication',
    );
  }

  private async encrypt(): Promise<void> {
    const { mode, verify, checkHost, caFile } = this.encryption;
    if (mode === 'never' || (mode === 'ifOffered' && !this.greeting.hasTls)) return;
    if (!this.greeting.hasTls)
      throw failed(
        `the database at ${this.place.where} does not offer TLS, which the URL of the connector asks for`,
        'Connectivity',
      );
    this.packets.send(tlsRequest(this.login));
    const ca = caFile === undefined || isCertificateText(caFile) ? caFile : await readFile(caFile, 'utf8');
    this.packets.detach();
    const secure = connectTls({
      socket: this.socket,
      rejectUnauthorized: verify,
      ...(ca === undefined ? {} : { ca }),
      ...(checkHost ? { servername: this.place.host } : { checkServerIdentity: () => undefined }),
    });
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve);
      secure.once('error', reject);
      this.socket.once('close', () => reject(new Error('the connection was closed during the TLS handshake')));
    });
    this.packets.attach(secure);
    this.isEncrypted = true;
  }

  /** Only where nobody but the server can read it. */
  private async sendWholePassword(nonce: Buffer): Promise<void> {
    const { password } = this.login;
    if (this.isEncrypted) return this.packets.send(Buffer.from(`${password}\0`));
    if (!this.place.mayAskForKey) {
      throw failed(
        `the database at ${this.place.where} wants the whole password, which is sent with TLS only; add sslMode=REQUIRED (or allowPublicKeyRetrieval=true) to the URL of the connector`,
        'Authentication',
      );
    }
    this.packets.send(Buffer.from([0x02]));
    const answer = await this.packets.next();
    if (answer[0] !== MORE)
      throw failed(`the database at ${this.place.where} does not hand out its public key`, 'Authentication');
    this.packets.send(encryptedPassword(password, nonce, answer.subarray(1).toString('latin1')));
  }
}

function encryptionOf(options: Readonly<Record<string, string>>): Encryption {
  const given = options['sslMode']?.toLowerCase().replaceAll('_', '-');
  const wanted =
    given ??
    (options['useSSL'] === 'true' || options['requireSSL'] === 'true'
      ? 'required'
      : options['useSSL'] === 'false'
        ? 'disable'
        : 'preferred');
  const base = { verify: false, checkHost: false, caFile: options['serverSslCert'] };
  if (wanted === 'disable' || wanted === 'disabled') return { ...base, mode: 'never' };
  if (wanted === 'preferred') return { ...base, mode: 'ifOffered' };
  if (wanted === 'verify-ca') return { ...base, mode: 'always', verify: true };
  if (wanted === 'verify-full' || wanted === 'verify-identity')
    return { ...base, mode: 'always', verify: true, checkHost: true };
  return { ...base, mode: 'always' };
}

function refusal(packet: Buffer, where: string, username: string, database: string): Error {
  const { code, message } = parseError(packet);
  if (code === 1045 || code === 1698)
    return failed(`the database at ${where} refuses user "${username}": ${message}`, 'Authentication');
  if (code === 1044)
    return failed(`user "${username}" may not use database "${database}" at ${where}`, 'Authorization');
  if (code === 1049) return failed(`the database server at ${where} has no database "${database}"`, 'Unknown');
  return failed(`the database at ${where} cannot be used: ${message} (error ${code})`, 'Connectivity');
}

function connectionFailure(cause: unknown, host: string, where: string): unknown {
  if (cause instanceof AppError) return cause;
  const nobody = nobodyThere(cause, host, where);
  if (nobody) return nobody;
  return failed(`the database at ${where} cannot be used: ${messageOf(cause)}`, 'Connectivity');
}
