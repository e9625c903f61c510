import { AppError } from '@sluice/kernel';
import {
  LineCounter,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type Scalar,
} from 'yaml';
import { type Path } from './problems.js';

/** A parsed document that still knows on which line each of its values stands. */
export interface YamlSource {
  readonly value: unknown;
  /** 1-based line of the value at `path`, or of the nearest thing above it that exists. */
  lineOf(path: Path): number | undefined;
}

const MAX_YAML_CHARACTERS = 1_048_576;
/** What one anchor may unfold to. */
const MAX_ALIASES = 32;
/** Each one searches the document for its anchor. */
const MAX_ALIASES_TOGETHER = 500;
/** Lines, list items, commas and brackets: what the time of the parser grows with. 1,000 steps have less than half of it. */
const MAX_MARKS = 50_000;
const MAX_DEPTH = 64;
const codesOf = (characters: string): ReadonlySet<number> => new Set([...characters].map((one) => one.charCodeAt(0)));
const MARKS = codesOf('\n\r,[]{}');
/** With a space behind them they open an item or a key, any number of them on one line. */
const OPENERS = codesOf('-?');
const SPACE = 32;
const TOO_DEEP = `it is nested deeper than ${MAX_DEPTH} levels; flatten it`;

/**
 * Parses YAML or JSON text. Duplicate keys, several documents, alias bombs, custom tags and runaway nesting are refused.
 * @throws AppError INVALID_YAML_ERROR with line and remedy
 */
export function parseYaml(text: string, what: string): YamlSource {
  if (text.length > MAX_YAML_CHARACTERS)
    throw invalid(what, `it has ${text.length} characters; at most ${MAX_YAML_CHARACTERS} are taken`);
  const marks = marksIn(text);
  if (marks > MAX_MARKS)
    throw invalid(
      what,
      `it has ${marks} lines, list items, commas and brackets; at most ${MAX_MARKS} are taken: leave out what is not needed, or split it`,
    );
  if (opensTooMuch(text)) throw invalid(what, TOO_DEEP);
  const lines = new LineCounter();
  const document = parseSafely(text, what, lines);
  const fault = document.errors[0];
  if (fault)
    throw invalid(
      what,
      `line ${lines.linePos(fault.pos[0]).line}: ${firstLine(fault.message)}; ${remedyFor(fault.code)}`,
    );
  const unknownTag = document.warnings.find((warning) => warning.code === 'TAG_RESOLVE_FAILED');
  if (unknownTag)
    throw invalid(
      what,
      `line ${lines.linePos(unknownTag.pos[0]).line}: ${firstLine(unknownTag.message)}; remove the tag`,
    );
  const repeated = repeatedKey(document.contents);
  if (repeated)
    throw invalid(
      what,
      `line ${lines.linePos(startOf(repeated) ?? 0).line}: Map keys must be unique; remove one of the two`,
    );
  if (aliasesIn(document.contents) > MAX_ALIASES_TOGETHER)
    throw invalid(
      what,
      `it has more than ${MAX_ALIASES_TOGETHER} aliases; write the repeated parts out instead of using aliases`,
    );
  const value = toValue(document, what);
  if (depthOf(value) > MAX_DEPTH) throw invalid(what, TOO_DEEP);
  return { value, lineOf: (path) => lineOf(document, lines, path) };
}

function parseSafely(text: string, what: string, lines: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, {
      lineCounter: lines,
      uniqueKeys: false,
      strict: true,
      version: '1.2',
      prettyErrors: false,
    });
  } catch (cause) {
    throw invalid(what, cause instanceof RangeError ? TOO_DEEP : firstLine(String(cause)));
  }
}

function toValue(document: Document.Parsed, what: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
  } catch (cause) {
    throw invalid(
      what,
      `${cause instanceof Error ? firstLine(cause.message) : 'aliases cannot be resolved'}; write the repeated parts out instead of using aliases`,
    );
  }
}

function invalid(what: string, reason: string): AppError {
  return new AppError('INVALID_YAML_ERROR', `${what} is not readable YAML: ${reason}`);
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text;

function remedyFor(code: string): string {
  if (code === 'DUPLICATE_KEY') return 'remove one of the two';
  if (code === 'MULTIPLE_DOCS') return 'send one document';
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  return 'check indentation, quotes and brackets on that line';
}

/** Keeps the parser itself from running deep: brackets left open, or one line that opens very many levels. */
function opensTooMuch(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > 1_000) return true;
  }
  return /^[ -]{512}/m.test(text);
}

function marksIn(text: string): number {
  let marks = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (MARKS.has(code) || (OPENERS.has(code) && text.charCodeAt(at + 1) === SPACE)) marks += 1;
  }
  return marks;
}

function aliasesIn(node: unknown): number {
  if (isAlias(node)) return 1;
  if (isSeq(node)) return node.items.reduce<number>((sum, item) => sum + aliasesIn(item), 0);
  return isMap(node) ? node.items.reduce((sum, { key, value }) => sum + aliasesIn(key) + aliasesIn(value), 0) : 0;
}

/** The second of two equal keys of one map. The parser's own check compares every key with all before it: a mebibyte of keys would take it minutes. */
function repeatedKey(node: unknown): Scalar | undefined {
  if (isSeq(node)) return firstOf(node.items, repeatedKey);
  if (!isMap(node)) return undefined;
  const known = new Set<unknown>();
  return firstOf(node.items, ({ key, value }) => {
    if (isScalar(key) && known.has(key.value)) return key;
    if (isScalar(key)) known.add(key.value);
    return repeatedKey(key) ?? repeatedKey(value);
  });
}

function firstOf<Item, Found>(items: readonly Item[], find: (item: Item) => Found | undefined): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function depthOf(value: unknown, level = 0): number {
  if (typeof value !== 'object' || value === null || level > MAX_DEPTH) return level;
  return Object.values(value).reduce<number>((most, inner) => Math.max(most, depthOf(inner, level + 1)), level);
}

function lineOf(document: Document.Parsed, lines: LineCounter, path: Path): number | undefined {
  let node: unknown = document.contents;
  let offset = startOf(document.contents);
  for (const part of path) {
    const next = step(node, part);
    if (!next) break;
    offset = next.offset ?? offset;
    node = next.node;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

function step(node: unknown, part: string | number): { node: unknown; offset: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(
      (item) => isPair(item) && (isScalar(item.key) ? String(item.key.value) : String(item.key)) === String(part),
    );
    return pair && { node: pair.value, offset: isNode(pair.key) ? startOf(pair.key) : undefined };
  }
  if (isSeq(node) && typeof part === 'number') {
    const item = node.items[part];
    return isNode(item) ? { node: item, offset: startOf(item) } : undefined;
  }
  return undefined;
}

function startOf(node: Node | null | undefined): number | undefined {
  return node?.range?.[0];
}
