import { AppError } from '@sluice/kernel';

/** The answer of a documented route whose work Sluice does not do yet. Never a success that did not happen. */
export function notServed(what: string): AppError {
  return new AppError('NOT_IMPLEMENTED', `${what} is not supported by this installation`);
}
