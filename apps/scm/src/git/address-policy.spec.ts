import { describe, expect, it } from '@jest/globals';
import { AddressPolicy } from './address-policy.js';

const resolvesTo =
  (...addresses: string[]) =>
  async (): Promise<readonly string[]> =>
    addresses;

describe('what scm may dial', () => {
  it.each([
    'http://127.0.0.1/r.git',
    'http://2130706433/r.git',
    'http://0x7f.1/r.git',
    'http://[::1]/r.git',
    'http://[::ffff:127.0.0.1]/r.git',
    'http://169.254.169.254/latest',
    'http://10.1.2.3/r.git',
    'http://172.20.0.1/r.git',
    'http://192.168.1.1/r.git',
    'http://0.0.0.0/r.git',
    'http://169.254.170.2/r',
    'http://[fd00:ec2::254]/latest',
    'http://100.100.100.200/latest',
    'http://192.0.0.192/r',
    'http://127.1/r',
    'http://0177.0.0.1/r',
    'http://017700000001/r',
    'http://0x7f000001/r',
    'http://127.0.0.1.:80/r',
    'http://①②⑦.0.0.1/r',
    'http://[::]/r',
    'http://[::127.0.0.1]/r',
    'http://[::ffff:10.0.0.1]/r',
    'http://[::ffff:a9fe:a9fe]/r',
    'http://[0:0:0:0:0:ffff:7f00:1]/r',
    'http://[64:ff9b::a9fe:a9fe]/r',
    'http://[64:ff9b:1::1]/r',
    'http://[2002:7f00:1::]/r',
    'http://[2001:0:7f00:1::]/r',
    'http://[2001:db8::1]/r',
    'http://[ff02::1]/r',
    'http://[fec0::1]/r',
    'http://[5f00::1]/r',
    'http://[100::1]/r',
    'http://192.88.99.1/r',
    'http://192.0.2.1/r',
    'http://198.51.100.1/r',
    'http://203.0.113.7/r',
    'http://198.18.0.1/r',
    'http://224.0.0.1/r',
    'http://255.255.255.255/r',
    'http://240.0.0.1/r',
    'http://[fe80::1]/r.git',
    'http://[fd00::1]/r.git',
    'http://[64:ff9b::7f00:1]/r.git',
    'http://100.64.0.1/r.git',
  ])('refuses %s', async (url) => {
    await expect(new AddressPolicy([], resolvesTo('127.0.0.1')).admit(url)).rejects.toMatchObject({
      code: expect.stringMatching(/^(GIT_CONNECTION_ERROR|INVALID_REQUEST)$/),
    });
  });

  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '169.254.169.254',
    '192.168.0.1',
    '0.0.0.0',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::127.0.0.1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '64:ff9b::7f00:1',
    '2002:7f00:1::1',
    '2001::1',
    '2001:db8::1',
    'not an address',
    '',
  ])('refuses a name that leads to "%s"', async (address) => {
    await expect(
      new AddressPolicy([], resolvesTo(address)).admit('https://git.example.com/r.git'),
    ).rejects.toMatchObject({ code: 'GIT_CONNECTION_ERROR' });
  });

  it.each(['93.184.216.34', '8.8.8.8', '140.82.121.4', '2606:4700::6810:84e5', '2a00:1450:4001:82a::200e'])(
    'takes a name that leads to %s',
    async (address) => {
      await expect(
        new AddressPolicy([], resolvesTo(address)).admit('https://git.example.com/r.git'),
      ).resolves.toMatchObject({ addresses: [address] });
    },
  );

  it('asks the resolver once: the addresses that were checked are those that are dialled', async () => {
    const answers = ['93.184.216.34', '127.0.0.1'];
    let asked = 0;
    const rebinding = async (): Promise<readonly string[]> => [answers[asked++] ?? ''];
    expect((await new AddressPolicy([], rebinding).admit('https://git.example.com/r.git')).addresses).toEqual([
      '93.184.216.34',
    ]);
    expect(asked).toBe(1);
  });

  it('refuses a name when any one of its addresses is not public', async () => {
    await expect(
      new AddressPolicy([], resolvesTo('93.184.216.34', '10.0.0.1')).admit('https://git.example.com/r.git'),
    ).rejects.toThrow(/10\.0\.0\.1/);
  });

  it('hands on exactly the addresses it checked', async () => {
    const target = await new AddressPolicy([], resolvesTo('93.184.216.34')).admit('https://git.example.com/r.git');
    expect(target).toMatchObject({ host: 'git.example.com', port: 443, addresses: ['93.184.216.34'] });
  });

  it.each([['127.0.0.1'], ['127.0.0.1:8000'], ['127.0.0.0/8']])(
    'takes what the operator lists as %s',
    async (entry) => {
      await expect(new AddressPolicy([entry]).admit('http://127.0.0.1:8000/r.git')).resolves.toMatchObject({
        port: 8000,
      });
    },
  );

  it('keeps a listed port apart from other ports of that host', async () => {
    await expect(
      new AddressPolicy(['git.internal:8000'], resolvesTo('10.0.0.1')).admit('http://git.internal:9000/r.git'),
    ).rejects.toThrow(/not a public address/);
  });

  it.each([
    'file:///etc',
    'ssh://git@x/r',
    'ext::sh -c x',
    '--upload-pack=x',
    'https://u:p@example.com/r.git',
    'https://example.com/r.git?x=1',
    'https://example.com./r.git',
    'gopher://example.com/',
    'https://example.com/r.git#x',
  ])('does not take %s as a repository', async (url) => {
    await expect(new AddressPolicy([], resolvesTo('93.184.216.34')).admit(url)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
  });
});
