import { secretForms } from './secret-forms.js';

/** What a reader sees instead. The same for every secret, so that it tells nothing about which one it was. */
export const MASK = '**************';

interface Node {
  readonly next: Map<number, Node>;
  /** A form ends here. */
  isEnd: boolean;
}

/** Masks text that comes in pieces; a secret cut by a border between two pieces is still found. */
export interface MaskStream {
  /** Text that is safe to let go now. What may be the beginning of a secret is held back. */
  write(chunk: string): string;
  /** The rest. */
  end(): string;
}

/** Replaces every occurrence of every form of the given secrets, overlapping ones included. Immutable and safe to share. */
export class SecretMasker {
  private readonly root: Node = { next: new Map(), isEnd: false };
  private readonly isEmpty: boolean;

  constructor(secrets: Iterable<string>) {
    const forms = new Set([...secrets].flatMap(secretForms));
    this.isEmpty = forms.size === 0;
    for (const form of forms) this.add(form);
  }

  mask(text: string): string {
    if (this.isEmpty || text === '') return text;
    const stream = this.stream();
    return stream.write(text) + stream.end();
  }

  /** Masks every string inside a JSON-like value, object keys included. */
  maskDeep<T>(value: T): T {
    return this.isEmpty ? value : (this.deep(value) as T);
  }

  stream(): MaskStream {
    let held = '';
    const advance = (chunk: string, isLast: boolean): string => {
      const { out, rest } = this.scan(held + chunk, isLast);
      held = rest;
      return out;
    };
    return { write: (chunk) => advance(chunk, false), end: () => advance('', true) };
  }

  private deep(value: unknown): unknown {
    if (typeof value === 'string') return this.mask(value);
    if (Array.isArray(value)) return value.map((item) => this.deep(item));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.mask(key), this.deep(item)]));
  }

  private add(form: string): void {
    let node = this.root;
    for (let i = 0; i < form.length; i += 1) {
      const code = form.charCodeAt(i);
      let next = node.next.get(code);
      if (!next) {
        next = { next: new Map(), isEnd: false };
        node.next.set(code, next);
      }
      node = next;
    }
    node.isEnd = true;
  }

  /** Masks the part of `text` that no later text can change; `rest` starts at the first place that is still open. */
  private scan(text: string, isLast: boolean): { out: string; rest: string } {
    let out = '';
    let safe = 0; // everything before is in `out`
    let coveredTo = 0; // end of the masked stretch under way, when greater than `safe`
    for (let start = 0; start < text.length; start += 1) {
      const { matchEnd, isOpen } = this.matchAt(text, start);
      // Overlapping matches are one stretch, so an open one holds back the stretch it may still join.
      if (isOpen && !isLast) return { out: out + text.slice(safe, coveredTo > safe ? safe : start), rest: text.slice(coveredTo > safe ? safe : start) };
      if (coveredTo > safe && start >= coveredTo) {
        out += MASK;
        safe = coveredTo;
      }
      if (matchEnd === 0) continue;
      if (coveredTo <= safe) {
        out += text.slice(safe, start);
        safe = start;
      }
      coveredTo = Math.max(coveredTo, matchEnd);
    }
    if (coveredTo <= safe) return { out: out + text.slice(safe), rest: '' };
    // A stretch that reaches the end of this piece is finished: an open continuation would have been held back above.
    return { out: `${out}${MASK}${text.slice(coveredTo)}`, rest: '' };
  }

  /** Longest form that starts at `start` (0: none), and whether the text ended before that could be decided. */
  private matchAt(text: string, start: number): { matchEnd: number; isOpen: boolean } {
    let node: Node | undefined = this.root;
    let matchEnd = 0;
    for (let at = start; ; at += 1) {
      if (at === text.length) return { matchEnd, isOpen: node.next.size > 0 };
      node = node.next.get(text.charCodeAt(at));
      if (!node) return { matchEnd, isOpen: false };
      if (node.isEnd) matchEnd = at + 1;
    }
  }
}
