const NONE = -1;
const ROOT = 0;
const FIRST_CAPACITY = 4096;

/**
 * Finds every form in a text, in one pass and in steps that grow with the length of the text alone (Aho and Corasick). A state stands for
 * the longest end of the text so far that is the beginning of a form. States are rows of flat arrays, because secrets may be whole files.
 */
export class FormAutomaton {
  /** The state before any text. */
  readonly start = ROOT;
  private size = 1;
  /** The first child of a state; most states have no other. */
  private firstChild = new Int32Array(FIRST_CAPACITY).fill(NONE);
  /** Further children by state and character. */
  private readonly otherChildren = new Map<number, number>();
  private parent = new Int32Array(FIRST_CAPACITY);
  /** The character that leads to a state. */
  private code = new Uint16Array(FIRST_CAPACITY);
  private depth = new Int32Array(FIRST_CAPACITY);
  /** The state of the longest proper end that is itself the beginning of a form. */
  private fallback = new Int32Array(FIRST_CAPACITY);
  /** Length of the longest form that ends here; 0 for none. */
  private longest = new Int32Array(FIRST_CAPACITY);

  constructor(forms: Iterable<string>) {
    for (const form of forms) this.add(form);
    this.link();
  }

  /** The state after one more character. */
  next(state: number, code: number): number {
    for (let at = state; ; at = this.fallback[at] ?? ROOT) {
      const child = this.child(at, code);
      if (child !== NONE) return child;
      if (at === ROOT) return ROOT;
    }
  }

  /** How much of the text's end may still become a form. */
  openLength(state: number): number {
    return this.depth[state] ?? 0;
  }

  /** Length of the longest form that ends with the text so far; 0 for none. */
  matchLength(state: number): number {
    return this.longest[state] ?? 0;
  }

  private child(state: number, code: number): number {
    const first = this.firstChild[state] ?? NONE;
    if (first === NONE || this.code[first] === code) return first;
    return this.otherChildren.get(edge(state, code)) ?? NONE;
  }

  private add(form: string): void {
    let state = ROOT;
    for (let index = 0; index < form.length; index += 1) {
      const code = form.charCodeAt(index);
      const known = this.child(state, code);
      state = known === NONE ? this.grow(state, code) : known;
    }
    this.longest[state] = form.length;
  }

  private grow(parent: number, code: number): number {
    if (this.size === this.parent.length) this.enlarge();
    const state = this.size;
    this.size += 1;
    this.parent[state] = parent;
    this.code[state] = code;
    this.depth[state] = this.openLength(parent) + 1;
    if (this.firstChild[parent] === NONE) this.firstChild[parent] = state;
    else this.otherChildren.set(edge(parent, code), state);
    return state;
  }

  private enlarge(): void {
    const capacity = this.size * 2;
    const larger = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const next = new Int32Array(capacity);
      next.set(column);
      return next;
    };
    const codes = new Uint16Array(capacity);
    codes.set(this.code);
    this.code = codes;
    this.firstChild = larger(this.firstChild).fill(NONE, this.size);
    this.parent = larger(this.parent);
    this.depth = larger(this.depth);
    this.fallback = larger(this.fallback);
    this.longest = larger(this.longest);
  }

  /** From the shallow states to the deep ones: a fallback is always less deep than its state. */
  private link(): void {
    for (const state of this.byDepth()) {
      const parent = this.parent[state] ?? ROOT;
      const fallback = parent === ROOT ? ROOT : this.next(this.fallback[parent] ?? ROOT, this.code[state] ?? 0);
      this.fallback[state] = fallback;
      if (this.longest[state] === 0) this.longest[state] = this.matchLength(fallback);
    }
  }

  /** Every state but the first, sorted by counting. */
  private byDepth(): Int32Array {
    const places = new Int32Array(this.size + 1);
    for (let state = 1; state < this.size; state += 1) {
      const above = this.openLength(state) + 1;
      places[above] = (places[above] ?? 0) + 1;
    }
    for (let depth = 1; depth < places.length; depth += 1)
      places[depth] = (places[depth] ?? 0) + (places[depth - 1] ?? 0);
    const sorted = new Int32Array(this.size - 1);
    for (let state = 1; state < this.size; state += 1) {
      const depth = this.openLength(state);
      const place = places[depth] ?? 0;
      sorted[place] = state;
      places[depth] = place + 1;
    }
    return sorted;
  }
}

function edge(state: number, code: number): number {
  return state * 65_536 + code;
}
