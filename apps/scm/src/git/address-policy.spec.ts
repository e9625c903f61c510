import { describe, expect, it } from '@jest/globals';
import { AddressPolicy } from './address-policy.js';

const resolvesTo = (...addresses: string[]) => async (): Promise<readonly string[]> => addresses;

describe('what scm may dial', () => {
  it.each([
    'http://127.0.0.1/r.git', 'http://2130706433/r.git', 'http://0x7f.1/r.git', 'http://[::1]/r.git', 'http://[::ffff:127.0.0.1]/r.git',
    'http://169.254.169.254/latest', 'http://10.1.2.3/r.git', 'http://172.20.0.1/r.git', 'http://192.168.1.1/r.git', 'http://0.0.0.0/r.git',
    'http://[fe80::1]/r.git', 'http://[fd00::1]/r.git', 'http://[64:ff9b::7f00:1]/r.git', 'http://100.64.0.1/r.git',
  ])('refuses %s', async (url) => {
    await expect(new AddressPolicy([]).admit(url)).rejects.toMatchObject({ code: 'GIT_CONNECTION_ERROR' });
  });

  it('refuses a name when any one of its addresses is not public', async () => {
    await expect(new AddressPolicy([], resolvesTo('93.184.216.34', '10.0.0.1')).admit('https://git.example.com/r.git')).rejects.toThrow(/10\.0\.0\.1/);
  });

  it('hands on exactly the addresses it checked', async () => {
    const target = await new AddressPolicy([], resolvesTo('93.184.216.34')).admit('https://git.example.com/r.git');
    expect(target).toMatchObject({ host: 'git.example.com', port: 443, addresses: ['93.184.216.34'] });
  });

  it.each([['127.0.0.1'], ['127.0.0.1:8000'], ['127.0.0.0/8']])('takes what the operator lists as %s', async (entry) => {
    await expect(new AddressPolicy([entry]).admit('http://127.0.0.1:8000/r.git')).resolves.toMatchObject({ port: 8000 });
  });

  it('keeps a listed port apart from other ports of that host', async () => {
    await expect(new AddressPolicy(['git.internal:8000'], resolvesTo('10.0.0.1')).admit('http://git.internal:9000/r.git')).rejects.toThrow(/not a public address/);
  });

  it.each(['file:///etc', 'ssh://git@x/r', 'ext::sh -c x', '--upload-pack=x', 'https://u:p@example.com/r.git', 'https://example.com/r.git?x=1'])('does not take %s as a repository', async (url) => {
    await expect(new AddressPolicy([], resolvesTo('93.184.216.34')).admit(url)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
