import { AppError } from '@sluice/kernel';

/** The answer of a documented route whose work Sluice does not do yet: one of the statuses this API has, never a success that did not happen. */
export function notServed(what: string): AppError {
  return new AppError('INVALID_REQUEST', `${what} is not supported by this installation`);
}
