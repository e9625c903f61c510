/** `UNIX`: five fields, minute first. `QUARTZ`: six or seven, second first, with `?`, `L`, `W` and `#`. */
export const CRON_TYPES = ['UNIX', 'QUARTZ'] as const;
export type CronType = (typeof CRON_TYPES)[number];

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
  /** Forms beside numbers, ranges, lists and steps. */
  readonly special?: RegExp;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const MINUTE: Field = { name: 'minute', min: 0, max: 59 };
const HOUR: Field = { name: 'hour', min: 0, max: 23 };
const DAY_OF_MONTH: Field = { name: 'day of month', min: 1, max: 31 };
const MONTH: Field = { name: 'month', min: 1, max: 12, names: MONTHS };

const UNIX: readonly Field[] = [
  MINUTE,
  HOUR,
  DAY_OF_MONTH,
  MONTH,
  { name: 'day of week', min: 0, max: 7, names: DAYS },
];
const QUARTZ: readonly Field[] = [
  { name: 'second', min: 0, max: 59 },
  MINUTE,
  HOUR,
  { ...DAY_OF_MONTH, special: /^(\?|L|LW|L-([1-9]|[12]\d|30)|([1-9]|[12]\d|3[01])W)$/ },
  MONTH,
  {
    name: 'day of week',
    min: 1,
    max: 7,
    names: DAYS,
    special: /^(\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5]))$/,
  },
  { name: 'year', min: 1970, max: 2199 },
];
const MAX_LENGTH = 256;

/** What is wrong with a cron expression, as the end of the sentence "the expression …"; undefined for a good one. Pure. */
export function cronFault(expression: string, type: CronType): string | undefined {
  if (expression.length > MAX_LENGTH) return `has more than ${MAX_LENGTH} characters`;
  const parts = expression.trim().toUpperCase().split(/\s+/);
  const fields = type === 'UNIX' ? UNIX : QUARTZ;
  if (type === 'UNIX' && parts.length !== 5)
    return `has ${count(parts)}, UNIX cron has 5: minute, hour, day of month, month, day of week`;
  if (type === 'QUARTZ' && parts.length !== 6 && parts.length !== 7)
    return `has ${count(parts)}, QUARTZ cron has 6 or 7: second, minute, hour, day of month, month, day of week and, if you like, year`;
  for (const [index, part] of parts.entries()) {
    const field = fields[index];
    const fault = field && fieldFault(part, field);
    if (field && fault !== undefined) return `has "${part}" as ${field.name}: ${fault}`;
  }
  if (type === 'QUARTZ' && (parts[3] === '?') === (parts[5] === '?'))
    return 'needs "?" as exactly one of day of month and day of week';
  return undefined;
}

/** Is this the name of a time zone, such as `Europe/Berlin` or `UTC`? */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function fieldFault(text: string, field: Field): string | undefined {
  if (field.special?.test(text)) return undefined;
  for (const item of text.split(',')) {
    const fault = itemFault(item, field);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** One piece of a list: `*`, `5`, `MON-FRI`, any of them with a step. */
function itemFault(item: string, field: Field): string | undefined {
  const [range = '', step, ...more] = item.split('/');
  if (more.length > 0) return 'more than one step';
  if (step !== undefined && !(/^\d{1,4}$/.test(step) && Number(step) > 0))
    return `the step "${step}" is not a number above 0`;
  if (range === '*') return undefined;
  const [from = '', to, ...rest] = range.split('-');
  if (rest.length > 0) return `"${range}" is not a range`;
  const [low, high] = [valueOf(from, field), to === undefined ? undefined : valueOf(to, field)];
  if (low === undefined || (to !== undefined && high === undefined))
    return `"${low === undefined ? from : (to ?? '')}" is not ${wanted(field)}`;
  if (high !== undefined && high < low) return `the range "${range}" runs backwards`;
  return undefined;
}

function valueOf(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text) ?? -1;
  if (named >= 0) return named + field.min;
  if (!/^\d{1,4}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= field.min && value <= field.max ? value : undefined;
}

function wanted({ min, max, names }: Field): string {
  return `a number from ${min} to ${max}${names ? ` or one of ${names.join(', ')}` : ''}`;
}

function count(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] === '' ? 'no fields' : '1 field') : `${parts.length} fields`;
}
