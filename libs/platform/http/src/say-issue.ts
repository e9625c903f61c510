import type { z } from 'zod';

const MOST_TEXT = 500;

/** What is wrong with a value, with what would be right. Zod says only "Invalid input" of a union: then it is what each of its members says, each once. */
export function sayIssue(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union' || issue.message !== PLAIN || issue.errors.length === 0) return issue.message;
  const members = issue.errors.map((member) =>
    member
      .map((one) => (one.path.length === 0 ? sayIssue(one) : `${one.path.join('.')}: ${sayIssue(one)}`))
      .join(' and '),
  );
  return [...new Set(members)].join(', or ').slice(0, MOST_TEXT);
}

const PLAIN = 'Invalid input';
