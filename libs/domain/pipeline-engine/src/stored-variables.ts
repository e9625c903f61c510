import type { Lookup } from './expressions.js';

const LEVELS = ['account', 'org', 'project'] as const;
type Level = (typeof LEVELS)[number];

/** Names of stored variables by the scope they are looked for in. */
export type StoredVariableNames = Readonly<Record<Level, string[]>>;
/** Their values: plain text, in which nothing is replaced. */
export type StoredVariables = Readonly<Record<Level, Readonly<Record<string, string>>>>;

export const NO_STORED_VARIABLES: StoredVariables = { account: {}, org: {}, project: {} };

const WHERE: Readonly<Record<Level, string>> = {
  account: 'the account',
  org: 'the organization',
  project: 'the project',
};
const NAME = /^variable\.(?:(account|org)\.)?([a-zA-Z_]\w{0,127})$/;
const NAMED = /<\+\s*variable\.((?:account|org)\.)?([a-zA-Z_]\w{0,127})\s*>/g;

/** Every stored variable that the text of a pipeline names: `<+variable.account.X>`, `<+variable.org.X>`, `<+variable.X>`. Each once. */
export function storedVariablesIn(text: string): StoredVariableNames {
  const found: Readonly<Record<Level, Set<string>>> = { account: new Set(), org: new Set(), project: new Set() };
  for (const [, above = 'project.', name = ''] of text.matchAll(NAMED)) found[above.slice(0, -1) as Level].add(name);
  return { account: [...found.account], org: [...found.org], project: [...found.project] };
}

/** The same in one text, as references: `account.X`, `org.X`, `X`. */
export function storedVariableRefsIn(text: string): string[] {
  return [...text.matchAll(NAMED)].map(([, above = '', name = '']) => `${above}${name}`);
}

/** What `variable.…` stands for; undefined for another name. */
export function storedVariable(body: string, values: StoredVariables): Lookup | undefined {
  const [, above, name = ''] = NAME.exec(body) ?? [];
  if (name === '') return undefined;
  const level: Level = above === 'account' || above === 'org' ? above : 'project';
  const value = Object.hasOwn(values[level], name) ? values[level][name] : undefined;
  return value === undefined
    ? { kind: 'unknown', reason: `${WHERE[level]} has no variable "${name}"; create it with POST /ng/api/variables` }
    : { kind: 'value', value };
}
