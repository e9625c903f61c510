import { failed } from './http-ask.js';
import { parseError } from './mysql-login.js';
import type { PacketStream } from './packet-stream.js';

const COM_QUERY = 0x03;
const OK = 0x00;
const FILE_WANTED = 0xfb;
const NULL = 0xfb;
const END = 0xfe;
const ERROR = 0xff;
/** An end of columns or rows is shorter than any row that begins with the same byte. */
const LONGEST_END = 9;
const FORBIDDEN: ReadonlySet<number> = new Set([1044, 1142, 1143, 1227]);

/** What a statement answered: its rows as texts, or how many rows it changed. */
export interface MysqlAnswer {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly changed: number;
}

/** A session of a MySQL or MariaDB server that has signed in: one statement at a time, answers as text. */
export class MysqlConnection {
  constructor(
    private readonly packets: PacketStream,
    private readonly where: string,
  ) {}

  /** @throws AppError with a failure type when the server refuses the statement */
  async query(sql: string): Promise<MysqlAnswer> {
    this.packets.begin(Buffer.concat([Buffer.from([COM_QUERY]), Buffer.from(sql)]));
    const first = await this.next();
    if (first[0] === OK) return { rows: [], changed: new Fields(first, 1).length() };
    if (first[0] === FILE_WANTED)
      throw failed(
        `the database at ${this.where} asks for a file of this machine, which no statement named`,
        'Unknown',
      );
    for (let column = new Fields(first).length(); column > 0; column -= 1) await this.next();
    await this.next(); // the end of the columns
    const rows: (string | null)[][] = [];
    for (let packet = await this.next(); !isEnd(packet); packet = await this.next())
      rows.push(new Fields(packet).texts());
    return { rows, changed: 0 };
  }

  private async next(): Promise<Buffer> {
    const packet = await this.packets.next();
    if (packet[0] !== ERROR) return packet;
    const { code, message } = parseError(packet);
    throw failed(
      `the database at ${this.where} answers: ${message} (error ${code})`,
      FORBIDDEN.has(code) ? 'Authorization' : 'Unknown',
    );
  }
}

/** Text as a literal that no setting of the session reads in another way. */
export function textLiteral(text: string): string {
  return text === '' ? "''" : `CONVERT(0x${Buffer.from(text).toString('hex')} USING utf8mb4)`;
}

function isEnd(packet: Buffer): boolean {
  return packet[0] === END && packet.length < LONGEST_END;
}

/** Numbers and texts of varying length, one after the other in a packet. */
class Fields {
  constructor(
    private readonly packet: Buffer,
    private at = 0,
  ) {}

  length(): number {
    const first = this.packet.readUInt8(this.at);
    this.at += 1;
    const bytes = first < NULL ? 0 : ({ 0xfc: 2, 0xfd: 3, 0xfe: 6 } as const)[first as 0xfc | 0xfd | 0xfe];
    if (bytes === 0) return first;
    const value = this.packet.readUIntLE(this.at, bytes);
    this.at += bytes === 6 ? 8 : bytes;
    return value;
  }

  texts(): (string | null)[] {
    const found: (string | null)[] = [];
    while (this.at < this.packet.length) found.push(this.text());
    return found;
  }

  private text(): string | null {
    if (this.packet[this.at] === NULL) {
      this.at += 1;
      return null;
    }
    const length = this.length();
    this.at += length;
    return this.packet.subarray(this.at - length, this.at).toString('utf8');
  }
}
