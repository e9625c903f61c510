import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@sluice/testing';
import { passOn } from './earlier-port.js';
import { holderOf, socketsOn } from './port-holder.js';
import { fixedPorts, freePorts, portsAt } from './ports.js';

/** The first port Linux gives to outgoing connections, unless somebody configured another range. */
const FIRST_OUTGOING_PORT = 32_768;
const LARGEST_OFFSET = 8_000;

function listenOn(port: number, onConnection: (server: Server) => void = () => undefined): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.resume().end('hello'));
    onConnection(server);
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => resolve(server));
  });
}
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** An offset of which this process has the first port that is looked at, so that what other programs do on this machine makes no difference. */
async function takenGateway(): Promise<{ readonly offset: number; readonly server: Server }> {
  for (let offset = LARGEST_OFFSET; offset > 0; offset -= 1) {
    const server = await listenOn(portsAt(offset).gateway).catch(() => undefined);
    if (server) return { offset, server };
  }
  throw new Error('every port is taken');
}

describe('ports of the local stack', () => {
  let folder: string;
  const servers: Server[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-ports-'));
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it('lie below those of outgoing connections, also with the largest offset', async () => {
    for (const port of Object.values(portsAt(LARGEST_OFFSET))) expect(port).toBeLessThan(FIRST_OUTGOING_PORT);
    for (const port of Object.values(await freePorts(folder))) expect(port).toBeLessThan(FIRST_OUTGOING_PORT);
  });

  it('that are taken are named with the program and the option that helps', async () => {
    const { offset, server } = await takenGateway();
    servers.push(server);
    await expect(fixedPorts(offset)).rejects.toThrow(
      new RegExp(
        `^port ${portOf(server)} \\(gateway\\) is used by .+ \\(process ${process.pid}: .*node.*\\); stop it, or start with --port-offset auto$`,
      ),
    );
  });

  it('picked as free stay the same for a data folder, and are refused by name when another program has one later', async () => {
    const ports = await freePorts(folder);
    expect(await freePorts(folder)).toEqual(ports);
    servers.push(await listenOn(ports.redis));
    await expect(freePorts(folder)).rejects.toThrow(`port ${ports.redis} (redis) is used by`);
  });

  it('are found in the tables of the kernel', () => {
    const table =
      '  sl  local_address rem_address   st\n   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n   1: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1';
    expect(socketsOn(table, 8080)).toEqual(['4711']);
    expect(socketsOn(table, 8082)).toEqual([]);
    expect(holderOf(1)).toBeUndefined();
  });
});

describe('the earlier port of the customer database', () => {
  it('leads to the port of today until it is ended', async () => {
    const target = await listenOn(0);
    const port = await freePort();
    const end = await passOn(port, portOf(target));
    const read = (): Promise<string> =>
      new Promise((resolve, reject) => {
        let text = '';
        connect({ host: '127.0.0.1', port })
          .on('data', (chunk) => (text += String(chunk)))
          .on('close', () => resolve(text))
          .on('error', reject);
      });
    expect(await read()).toBe('hello');
    await end();
    await expect(read()).rejects.toThrow('ECONNREFUSED');
    await new Promise((resolve) => target.close(resolve));
  });

  it('is left alone when another program has it', async () => {
    const [target, other] = await Promise.all([listenOn(0), listenOn(0)]);
    const end = await passOn(portOf(other), portOf(target));
    await end();
    expect(other.listening).toBe(true);
    for (const server of [target, other]) await new Promise((resolve) => server.close(resolve));
  });
});
