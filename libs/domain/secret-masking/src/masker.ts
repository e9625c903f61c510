import { FormAutomaton } from './form-automaton.js';
import { secretForms } from './secret-forms.js';

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
  private readonly automaton: FormAutomaton;
  private readonly isEmpty: boolean;

  constructor(secrets: Iterable<string>) {
    const forms = new Set([...secrets].flatMap(secretForms));
    this.isEmpty = forms.size === 0;
    this.automaton = new FormAutomaton(forms);
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
    let state = this.automaton.start;
    for (let index = 0; index < text.length; index += 1) {
      state = this.automaton.next(state, text.charCodeAt(index));
      if (this.automaton.matchLength(state) > 0) return true;
    }
    return false;
  }

  stream(): MaskStream {
    return new OneStream(this.automaton);
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
  private state: number;
  /** In order; overlapping matches are one stretch. All of them reach into the held text. */
  private stretches: Stretch[] = [];

  constructor(private readonly automaton: FormAutomaton) {
    this.state = automaton.start;
  }

  write(chunk: string): string {
    const from = this.heldFrom + this.held.length;
    this.held += chunk;
    for (let index = 0; index < chunk.length; index += 1) {
      this.state = this.automaton.next(this.state, chunk.charCodeAt(index));
      const length = this.automaton.matchLength(this.state);
      if (length > 0) this.cover(from + index + 1 - length, from + index + 1);
    }
    // What ends before the open beginning of a form can overlap no later match.
    const open = from + chunk.length - this.automaton.openLength(this.state);
    const reaching = this.stretches.find(({ to }) => to > open);
    return this.release(Math.min(open, reaching?.from ?? open));
  }

  end(): string {
    this.state = this.automaton.start;
    return this.release(this.heldFrom + this.held.length);
  }

  private cover(from: number, to: number): void {
    const stretch = { from, to };
    for (let last = this.stretches.at(-1); last && last.to > stretch.from; last = this.stretches.at(-1)) {
      stretch.from = Math.min(stretch.from, last.from);
      this.stretches.pop();
    }
    this.stretches.push(stretch);
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
    return out;
  }
}
