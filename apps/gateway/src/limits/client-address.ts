import { isIP, type BlockList } from 'node:net';
import type { IncomingMessage } from 'node:http';

/** Where a request came from, and how the client reached us. */
export interface ClientOrigin {
  readonly address: string;
  readonly protocol: 'http' | 'https';
}

/** Believes what a trusted load balancer says of the client, and nobody else. */
export function originOf(
  request: Pick<IncomingMessage, 'headers' | 'socket'>,
  trusted: BlockList | undefined,
): ClientOrigin {
  const peer = plain(request.socket.remoteAddress ?? '0.0.0.0');
  if (!trusted || !isTrusted(peer, trusted)) return { address: peer, protocol: 'http' };
  const protocol = request.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  const chain = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => plain(part.trim()))
    .filter((part) => isIP(part) !== 0);
  return { address: chain.findLast((address) => !isTrusted(address, trusted)) ?? chain[0] ?? peer, protocol };
}

function isTrusted(address: string, trusted: BlockList): boolean {
  return trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** IPv4 in its own form, also where the socket speaks IPv6. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
