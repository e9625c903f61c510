export const KEY_PROVIDER = Symbol('KeyProvider');

/** A data key as it is stored: what wrapped it, and the wrapped bytes. */
export interface WrappedKey {
  /** Names provider and key, such as `local:1f0c…` or `vault-transit:transit/sluice:v3`. */
  readonly keyId: string;
  readonly wrapped: Buffer;
}

/**
 * Wraps the data keys of accounts with a key-encryption key that stays with the provider. A wrapped key opens for its own account only.
 * Errors say what is wrong with the key or with the way to it: AppError UPSTREAM_UNAVAILABLE or REQUEST_TIMEOUT where trying again may help or
 * somebody has to mend the configuration, a plain Error where stored bytes are not what this provider made.
 */
export interface KeyProvider {
  /** Did this provider wrap it? Says nothing about whether the key is still there. */
  owns(keyId: string): boolean;
  /** Names the key that {@link wrap} uses now. */
  currentKeyId(): Promise<string>;
  wrap(accountId: string, dataKey: Buffer): Promise<WrappedKey>;
  unwrap(accountId: string, key: WrappedKey): Promise<Buffer>;
  /** The same data key under the current key; its `keyId` is the old one when that is current already. */
  rewrap(accountId: string, key: WrappedKey): Promise<WrappedKey>;
  close(): Promise<void>;
}

/** What binds a wrapped key to its account. */
export function dataKeyContext(accountId: string): string {
  return `sluice/data-key/${accountId}`;
}
