import type { PatternResult } from '@sluice/pipeline-engine';

/** What an approver is asked for, and the answer once there is one. */
export interface ApproverInput {
  readonly name: string;
  readonly value: string | null;
  readonly defaultValue: string | null;
  readonly required: boolean;
  readonly description: string | null;
  readonly regex: string | null;
  readonly allowedValues: readonly string[];
  readonly selectOneFrom: readonly string[];
  readonly selectManyFrom: readonly string[];
}

/** Whether the whole of a value has the form a pipeline's author wrote. Such a pattern may take long. */
export type MatchPattern = (pattern: string, value: string) => PatternResult;

/** What is wrong with a value for an input; undefined for a good one. */
export function inputFault(input: ApproverInput, value: string | null, match: MatchPattern): string | undefined {
  if (value === null || value === '') return input.required ? 'is required; send a value' : undefined;
  const choices = input.allowedValues.length > 0 ? input.allowedValues : input.selectOneFrom;
  if (choices.length > 0 && !choices.includes(value))
    return `"${shown(value)}" is not allowed; use one of ${choices.join(', ')}`;
  if (input.selectManyFrom.length > 0) {
    const odd = value
      .split(',')
      .map((one) => one.trim())
      .find((one) => !input.selectManyFrom.includes(one));
    if (odd !== undefined)
      return `"${shown(odd)}" is not allowed; use some of ${input.selectManyFrom.join(', ')}, separated by commas`;
  }
  return input.regex ? patternFault(input.regex, value, match) : undefined;
}

function patternFault(pattern: string, value: string, match: MatchPattern): string | undefined {
  switch (match(pattern, value)) {
    case 'match':
      return undefined;
    case 'no match':
      return `"${shown(value)}" does not match ${pattern}`;
    case 'unusable':
      return `cannot be checked: the pattern ${pattern} is not a regular expression, or takes too long; correct it in the pipeline`;
  }
}

const shown = (value: string): string => (value.length > 80 ? `${value.slice(0, 79)}…` : value);
