import { createHash } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A 22-character id that depends on nothing but the text: node ids are the same after every replay. */
export function stableId(text: string): string {
  let rest = BigInt(`0x${createHash('sha256').update(text).digest('hex')}`);
  let id = '';
  while (id.length < 22) {
    id += ALPHABET[Number(rest % 62n)];
    rest /= 62n;
  }
  return id;
}

/** Name of a step group's pod: lower case, because container platforms want it so. */
export function podIdOf(groupNodeId: string): string {
  return `pod-${createHash('sha256').update(groupNodeId).digest('hex').slice(0, 24)}`;
}
