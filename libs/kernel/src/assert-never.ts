/** Makes a `switch` over a union exhaustive: the compiler rejects it when a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
