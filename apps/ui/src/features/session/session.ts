/** `none`: not signed in yet; `left`: signed out on purpose; `expired`: the gateway refused the key. */
type SignedOutReason = 'none' | 'left' | 'expired';

/** Who is using this browser tab. */
export type Session =
  | { readonly status: 'signed-in'; readonly apiKey: string; readonly accountId: string }
  | { readonly status: 'signed-out'; readonly reason: SignedOutReason };

export type ApiKeyCheck =
  | { readonly isValid: true; readonly apiKey: string; readonly accountId: string }
  | { readonly isValid: false; readonly problem: string };

/** Reads the account out of an API key `pat.<account>.<id>.<secret>`; spaces and line ends around it are forgiven. */
export function checkApiKey(input: string): ApiKeyCheck {
  const apiKey = input.trim();
  if (apiKey === '') return { isValid: false, problem: 'Enter an API key.' };
  if (/[^\x21-\x7e]/.test(apiKey))
    return { isValid: false, problem: 'The key contains a space or another character that keys do not have.' };
  const [prefix = '', accountId = '', id = '', secret = '', ...rest] = apiKey.split('.');
  if (!/^(pat|sat)$/i.test(prefix) || !accountId || !id || !secret || rest.length > 0) {
    return {
      isValid: false,
      problem: 'This does not look like an API key. Keys have the form pat.<account>.<id>.<secret>.',
    };
  }
  return { isValid: true, apiKey, accountId };
}

type KeyStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const STORAGE_KEY = 'sluice.apiKey';

/** Holds the session of this tab. The key lives in the given (session) storage only, so it ends with the tab. */
export class SessionStore {
  readonly #storage: KeyStorage;
  readonly #listeners = new Set<() => void>();
  #session: Session;

  constructor(storage: KeyStorage) {
    this.#storage = storage;
    const stored = checkApiKey(storage.getItem(STORAGE_KEY) ?? '');
    this.#session = stored.isValid
      ? { status: 'signed-in', apiKey: stored.apiKey, accountId: stored.accountId }
      : { status: 'signed-out', reason: 'none' };
  }

  readonly current = (): Session => this.#session;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  signIn(key: { readonly apiKey: string; readonly accountId: string }): void {
    this.#storage.setItem(STORAGE_KEY, key.apiKey);
    this.#set({ status: 'signed-in', apiKey: key.apiKey, accountId: key.accountId });
  }

  signOut(): void {
    this.#storage.removeItem(STORAGE_KEY);
    this.#set({ status: 'signed-out', reason: 'left' });
  }

  /** The gateway refused the key. Safe to call once per failed request. */
  expire(): void {
    if (this.#session.status === 'signed-out') return;
    this.#storage.removeItem(STORAGE_KEY);
    this.#set({ status: 'signed-out', reason: 'expired' });
  }

  #set(session: Session): void {
    this.#session = session;
    for (const listener of this.#listeners) listener();
  }
}
