// What the model test finds: the engine did something else than the model.

import { isStorageError } from '@varve/base';
import { shown } from './keys.js';

/** The engine and the model differ, or the engine failed where it must not. */
export class Difference extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Difference';
  }
}

/** Throws a Difference unless both are the same. `what` says what was asked, as the start of a sentence. */
export function expectSame(what: string, expected: string, actual: string): void {
  if (expected !== actual) {
    throw new Difference(`${what}: expected ${expected}, got ${actual}`);
  }
}

/** As `expectSame`, for keys and values, which may be long. */
export function expectText(
  what: string,
  expected: string | undefined,
  actual: string | undefined,
): void {
  if (expected !== actual) {
    throw new Difference(`${what}: expected ${shown(expected)}, got ${shown(actual)}`);
  }
}

/** Gives the error as a Difference, unless it is one. */
export function asDifference(error: unknown, what: string): Difference {
  if (error instanceof Difference) return error;
  return new Difference(`${what}: ${textOf(error)}`, { cause: error });
}

/** Whether the error is a StorageError with one of these codes. */
export function hasCode(error: unknown, codes: readonly string[]): boolean {
  return isStorageError(error) && codes.includes(error.code);
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = isStorageError(error) ? `${error.code} ` : '';
  return `unexpected ${code}${error.stack ?? error.message}`;
}
