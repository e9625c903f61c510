import { AppError } from '@sluice/kernel';

/** One key of an order. */
export interface Sort<Column extends string = string> {
  readonly column: Column;
  readonly direction: 'ASC' | 'DESC';
}

/**
 * Reads `sort=field,DESC`, once or repeatedly; the direction may be missing. Keys that are named twice count once.
 * @param columns column by the name clients use @param fallback order when none is given
 * @throws AppError INVALID_REQUEST naming the key or direction that is not known, and those that are
 */
export function readSort<Column extends string>(
  given: readonly string[] | undefined,
  columns: Readonly<Record<string, Column>>,
  fallback: Sort<Column>,
): readonly Sort<Column>[] {
  const sorts = (given ?? [])
    .filter((text) => text.trim() !== '')
    .map((text): Sort<Column> => {
      const [field = '', direction = 'ASC', ...rest] = text.split(',').map((part) => part.trim());
      const column = Object.hasOwn(columns, field) ? columns[field] : undefined;
      if (column === undefined) throw badSort(text, `it can be sorted by ${Object.keys(columns).join(', ')}`);
      const order = direction.toUpperCase();
      if ((order !== 'ASC' && order !== 'DESC') || rest.length > 0)
        throw badSort(text, 'write "field,ASC" or "field,DESC"');
      return { column, direction: order };
    });
  const unique = sorts.filter(({ column }, index) => sorts.findIndex((other) => other.column === column) === index);
  return unique.length > 0 ? unique : [fallback];
}

/** An order that is the same every time: what is equal otherwise goes by `column`. */
export function withTieBreak<Column extends string>(
  sort: readonly Sort<Column>[],
  column: Column,
): readonly Sort<Column>[] {
  return sort.some((key) => key.column === column) ? sort : [...sort, { column, direction: 'ASC' }];
}

function badSort(text: string, remedy: string): AppError {
  return new AppError('INVALID_REQUEST', `sort "${text.slice(0, 80)}" is not known; ${remedy}`, {
    fields: [{ field: 'sort', error: remedy }],
  });
}

/** The module every pipeline here belongs to. */
export const MODULE = 'dbops';

/** Does a `module` filter leave anything? Everything here is of one module. */
export function isOurModule(module: string | undefined): boolean {
  return module === undefined || module === '' || ['dbops', 'dbdevops'].includes(module.toLowerCase());
}

export interface TagFilter {
  readonly key: string;
  /** Any value when absent. */
  readonly value?: string | null | undefined;
}

/** Tags asked for, as keys that must be there and pairs that must be the same. */
export function tagsWanted(tags: readonly TagFilter[]): {
  readonly keys: string[];
  readonly pairs: Readonly<Record<string, string>>;
} {
  const hasValue = ({ value }: TagFilter): boolean => value !== undefined && value !== null && value !== '';
  return {
    keys: tags.filter((tag) => !hasValue(tag)).map(({ key }) => key),
    pairs: Object.fromEntries(tags.filter(hasValue).map(({ key, value }) => [key, value ?? ''])),
  };
}

/** Tags of a filter in one form: pairs of `key` and `value`, and those of a map. */
export function allTags(
  list: readonly TagFilter[] | null | undefined,
  map: Readonly<Record<string, string>> | null | undefined,
): readonly TagFilter[] {
  return [...(list ?? []), ...Object.entries(map ?? {}).map(([key, value]) => ({ key, value }))];
}

/** Pages end where reading them would begin to hurt. @throws AppError INVALID_REQUEST */
export function requireReachable(page: number, size: number, remedy: string): void {
  if (page * size <= MAX_OFFSET) return;
  throw new AppError(
    'INVALID_REQUEST',
    `page ${page} of ${size} rows lies behind the first ${MAX_OFFSET} rows; ${remedy}`,
    { fields: [{ field: 'page', error: `page × size must be at most ${MAX_OFFSET}` }] },
  );
}

const MAX_OFFSET = 100_000;
