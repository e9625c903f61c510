import type { KeyProvider, WrappedKey } from './key-provider.js';

/** Several providers as one: the first wraps, every one opens what it wrapped. That is how an installation moves from one provider to another. */
export class KeyRing implements KeyProvider {
  constructor(
    private readonly current: KeyProvider,
    private readonly others: readonly KeyProvider[],
  ) {}

  owns(keyId: string): boolean {
    return [this.current, ...this.others].some((provider) => provider.owns(keyId));
  }

  currentKeyId(): Promise<string> {
    return this.current.currentKeyId();
  }

  wrap(accountId: string, dataKey: Buffer): Promise<WrappedKey> {
    return this.current.wrap(accountId, dataKey);
  }

  async unwrap(accountId: string, key: WrappedKey): Promise<Buffer> {
    return this.ownerOf(accountId, key).unwrap(accountId, key);
  }

  async rewrap(accountId: string, key: WrappedKey): Promise<WrappedKey> {
    const owner = this.ownerOf(accountId, key);
    if (owner === this.current) return owner.rewrap(accountId, key);
    return this.current.wrap(accountId, await owner.unwrap(accountId, key));
  }

  async close(): Promise<void> {
    await Promise.all([this.current, ...this.others].map((provider) => provider.close()));
  }

  private ownerOf(accountId: string, { keyId }: WrappedKey): KeyProvider {
    const owner = [this.current, ...this.others].find((provider) => provider.owns(keyId));
    if (owner) return owner;
    throw new Error(
      `a data key of account ${accountId} was wrapped by ${keyId}, whose provider is not configured; configure it beside the current one until the keys are rotated`,
    );
  }
}
