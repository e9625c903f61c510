import { FormAutomaton } from './form-automaton.js';
import { formsOf } from './secret-forms.js';

/** What a reader sees instead. The same for every secret, so that it tells nothing about which one it was. */
export const MASK = '**************';

/** Masks text that comes in pieces; a secret cut by a border between two pieces is still found. */
export interface MaskStream {
  /** Text that is safe to let go now. What may be the beginning of a secret is held back. */
  write(chunk: string): string;
  /** The rest. */
  end(): string;
}

/** Replaces every occurrence of every form of the given secrets, overlapping ones included. Immutable and safe to share. */
export class SecretMasker {
  private readonly exact: FormAutomaton;
  /** Reads a text without what {@link isSpacing} names. */
  private readonly spaced: FormAutomaton;
  private readonly isEmpty: boolean;

  constructor(secrets: Iterable<string>) {
    const { exact, spaced } = formsOf(secrets);
    this.isEmpty = exact.length === 0;
    this.exact = new FormAutomaton(exact);
    this.spaced = new FormAutomaton(spaced);
  }

  mask(text: string): string {
    if (this.isEmpty || text === '') return text;
    const stream = this.stream();
    return stream.write(text) + stream.end();
  }

  /** Masks every string inside a JSON-like value, object keys included: for values whose keys come from outside. */
  maskDeep<T>(value: T): T {
    return this.isEmpty ? value : (this.deep(value) as T);
  }

  /** True when the text holds some form of a secret. */
  finds(text: string): boolean {
    let exact = this.exact.start;
    let spaced = this.spaced.start;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      exact = this.exact.next(exact, code);
      if (!isSpacing(code)) spaced = this.spaced.next(spaced, code);
      if (this.exact.matchLength(exact) > 0 || this.spaced.matchLength(spaced) > 0) return true;
    }
    return false;
  }

  stream(): MaskStream {
    return new OneStream(this.exact, this.spaced);
  }

  private deep(value: unknown): unknown {
    if (typeof value === 'string') return this.mask(value);
    if (Array.isArray(value)) return value.map((item) => this.deep(item));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.mask(key), this.deep(item)]));
  }
}

/** A masked stretch: `from` the first character, `to` the one after the last, counted from the beginning of the stream. */
interface Stretch {
  from: number;
  to: number;
}

class OneStream implements MaskStream {
  private held = '';
  /** Place of the first held character. */
  private heldFrom = 0;
  private exactState: number;
  private spacedState: number;
  /** Places of the held characters that the automaton of spaced forms has read; the first `letGo` of them are held no more. */
  private readPlaces: number[] = [];
  private letGo = 0;
  /** In order; overlapping matches are one stretch. All of them reach into the held text. */
  private stretches: Stretch[] = [];

  constructor(
    private readonly exact: FormAutomaton,
    private readonly spaced: FormAutomaton,
  ) {
    this.exactState = exact.start;
    this.spacedState = spaced.start;
  }

  write(chunk: string): string {
    const from = this.heldFrom + this.held.length;
    this.held += chunk;
    for (let index = 0; index < chunk.length; index += 1) {
      const code = chunk.charCodeAt(index);
      const place = from + index;
      this.exactState = this.exact.next(this.exactState, code);
      const length = this.exact.matchLength(this.exactState);
      if (length > 0) this.cover(place + 1 - length, place + 1);
      if (isSpacing(code)) continue;
      this.readPlaces.push(place);
      this.spacedState = this.spaced.next(this.spacedState, code);
      const read = this.spaced.matchLength(this.spacedState);
      if (read > 0) this.cover(this.placeBefore(read, place), place + 1);
    }
    // What ends before the open beginning of a form can overlap no later match.
    const end = from + chunk.length;
    const open = Math.min(
      end - this.exact.openLength(this.exactState),
      this.placeBefore(this.spaced.openLength(this.spacedState), end),
    );
    const reaching = this.stretches.find(({ to }) => to > open);
    return this.release(Math.min(open, reaching?.from ?? open));
  }

  end(): string {
    this.exactState = this.exact.start;
    this.spacedState = this.spaced.start;
    return this.release(this.heldFrom + this.held.length);
  }

  /** Place of the first of the last `read` characters that were read; `none` for zero of them. */
  private placeBefore(read: number, none: number): number {
    return read === 0 ? none : (this.readPlaces[this.readPlaces.length - read] ?? none);
  }

  private cover(from: number, to: number): void {
    const stretch = { from, to };
    for (let last = this.stretches.at(-1); last && last.to > stretch.from; last = this.stretches.at(-1)) {
      stretch.from = Math.min(stretch.from, last.from);
      this.stretches.pop();
    }
    this.stretches.push(stretch);
  }

  /** Places before `until` are needed no more; they are dropped in bulk, so that each is moved a few times at most. */
  private forget(until: number): void {
    while (this.letGo < this.readPlaces.length && (this.readPlaces[this.letGo] ?? until) < until) this.letGo += 1;
    if (this.letGo * 2 < this.readPlaces.length) return;
    this.readPlaces = this.readPlaces.slice(this.letGo);
    this.letGo = 0;
  }

  /** Lets go everything before `until`, where no stretch is cut. */
  private release(until: number): string {
    let out = '';
    let at = this.heldFrom;
    const staying = this.stretches.findIndex(({ from }) => from >= until);
    const leaving = this.stretches.splice(0, staying === -1 ? this.stretches.length : staying);
    for (const { from, to } of leaving) {
      out += this.held.slice(at - this.heldFrom, from - this.heldFrom) + MASK;
      at = to;
    }
    out += this.held.slice(at - this.heldFrom, until - this.heldFrom);
    this.held = this.held.slice(until - this.heldFrom);
    this.heldFrom = until;
    this.forget(until);
    return out;
  }
}

/** Tab, line breaks, blank and semicolon: no encoding of bytes uses them, and lines and messages are put together with them. */
function isSpacing(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 59;
}
