import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { AppError, messageOf } from '@sluice/kernel';

/**
 * Every special-purpose range, and of IPv6 everything that is not global unicast (2000::/3), so that neither mapped nor translated nor compatible forms of
 * IPv4 addresses get past.
 */
const NOT_PUBLIC_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const NOT_PUBLIC_IPV6: readonly (readonly [string, number])[] = [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3ffe::', 16],
  ['3fff::', 20],
];

/** A repository that may be dialled, with the addresses that were checked: git must use these and not ask the resolver again. */
export interface DialTarget {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Empty when the URL names an address itself. */
  readonly addresses: readonly string[];
}

type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * What scm may dial: public addresses, and what the operator lists. Loopback, private, link-local (cloud metadata) and other special
 * ranges are refused otherwise, whatever name leads there.
 */
export class AddressPolicy {
  /** Apart: a list that holds IPv6 ranges counts IPv4 addresses among them. */
  private readonly refused = { ipv4: blockListOf(NOT_PUBLIC_IPV4), ipv6: blockListOf(NOT_PUBLIC_IPV6) };
  private readonly allowedAddresses: BlockList;
  private readonly allowedHosts: ReadonlySet<string>;

  /** @param allowed entries `host`, `host:port`, an address, or a CIDR. @throws Error for a CIDR that is none */
  constructor(
    allowed: readonly string[],
    private readonly resolve: Resolve = async (host) =>
      (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address),
  ) {
    this.allowedHosts = new Set(allowed.filter((entry) => !entry.includes('/')).map((entry) => entry.toLowerCase()));
    const ranges = allowed.filter((entry) => entry.includes('/') || isIP(entry) !== 0).map(parseRange);
    this.allowedAddresses = blockListOf(ranges);
  }

  /** @throws AppError INVALID_REQUEST for a URL we do not take, GIT_CONNECTION_ERROR for an unknown host or an address that is not allowed */
  async admit(url: string): Promise<DialTarget> {
    const parsed = parseRepositoryUrl(url);
    const host = parsed.hostname.replace(/^\[|\]$/g, '');
    const port = Number(parsed.port || (parsed.protocol === 'https:' ? 443 : 80));
    const isAddress = isIP(host) !== 0;
    const addresses = isAddress ? [host] : await this.addressesOf(host);
    const isListed =
      this.allowedHosts.has(host.toLowerCase()) || this.allowedHosts.has(`${host.toLowerCase()}:${port}`);
    const bad = isListed ? undefined : addresses.find((address) => !this.isAllowed(address));
    if (bad !== undefined) {
      throw new AppError(
        'GIT_CONNECTION_ERROR',
        `${host} is at ${bad}, which is not a public address; an operator can allow it with SCM_ALLOWED_HOSTS`,
        { fields: [{ field: 'url', error: 'leads to an address that may not be dialled' }] },
      );
    }
    return { url: parsed.href, host, port, addresses: isAddress ? [] : addresses };
  }

  private isAllowed(address: string): boolean {
    if (isIP(address) === 0 || address.includes('%')) return false;
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    return this.allowedAddresses.check(address, family) || !this.refused[family].check(address, family);
  }

  private async addressesOf(host: string): Promise<readonly string[]> {
    try {
      const found = await this.resolve(host);
      if (found.length > 0) return found;
    } catch (cause) {
      throw new AppError(
        'GIT_CONNECTION_ERROR',
        `host ${host} cannot be resolved: ${messageOf(cause)}; check the URL of the connector`,
        {},
        { cause },
      );
    }
    throw new AppError('GIT_CONNECTION_ERROR', `host ${host} has no address; check the URL of the connector`);
  }
}

function parseRepositoryUrl(url: string): URL {
  const refuse = (why: string): never => {
    throw new AppError('INVALID_REQUEST', `repository URL ${why}`, { fields: [{ field: 'url', error: why }] });
  };
  if (!URL.canParse(url)) return refuse('is not a URL; write for example https://git.example.com/team/repository.git');
  const parsed = new URL(url);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')
    return refuse(`must be http or https, not ${parsed.protocol.replace(':', '')}`);
  if (parsed.username || parsed.password)
    return refuse('must not hold credentials; give them as a username and a secret reference');
  // One name in two spellings: git would look up another than the one that was checked.
  if (parsed.hostname.endsWith('.')) return refuse('must not have a dot at the end of its host');
  if (parsed.search || parsed.hash) return refuse('must not have a query or a fragment');
  return parsed;
}

function blockListOf(ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of ranges) list.addSubnet(address, bits, isIPv6(address) ? 'ipv6' : 'ipv4');
  return list;
}

function parseRange(entry: string): readonly [string, number] {
  const [address = '', bits] = entry.split('/', 2);
  const most = isIPv6(address) ? 128 : 32;
  const prefix = bits === undefined ? most : Number(bits);
  if (isIP(address) === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > most)
    throw new Error(`"${entry}" is not a CIDR range such as 10.1.0.0/16`);
  return [address, prefix];
}
