// The few checks that the conformance suite needs, so that it depends on no test framework and runs on any platform.

import { BugError, isStorageError, type StorageErrorCode } from '@varve/base';

/** Throws unless both are the same value, or the same numbers or texts in the same order. */
export function checkEqual<T>(actual: T, expected: T): void {
  const [found, wanted] = [textOf(actual), textOf(expected)];
  if (found !== wanted) throw new Error(`Expected ${wanted}, found ${found}`);
}

/** Throws unless `run` throws a StorageError with this code and with the path or name it is about. */
export function checkFails(code: StorageErrorCode, run: () => unknown): void {
  checkError(code, errorOf(run));
}

/** Throws unless `run` gives a promise that rejects as {@link checkFails} asks. */
export async function checkRejects(
  code: StorageErrorCode,
  run: () => Promise<unknown>,
): Promise<void> {
  checkError(code, await rejectionOf(run));
}

/** Throws unless `run` throws a BugError. */
export function checkIsBug(run: () => unknown): void {
  checkBug(errorOf(run));
}

/** Throws unless `run` gives a promise that rejects with a BugError. */
export async function checkRejectsAsBug(run: () => Promise<unknown>): Promise<void> {
  checkBug(await rejectionOf(run));
}

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('Expected an error, found none');
}

/** A throw instead of a rejection is not caught here, and so fails the test. */
async function rejectionOf(run: () => Promise<unknown>): Promise<unknown> {
  const promise = run();
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('Expected a rejection, found none');
}

function checkError(code: StorageErrorCode, error: unknown): void {
  if (!isStorageError(error)) throw new Error(`Expected ${code}, found ${String(error)}`);
  if (error.code !== code) {
    throw new Error(`Expected ${code}, found ${error.code}: ${error.message}`);
  }
  if (error.file === undefined) throw new Error(`Expected a file in: ${error.message}`);
}

function checkBug(error: unknown): void {
  if (!(error instanceof BugError)) throw new Error(`Expected a BugError, found ${String(error)}`);
}

function textOf(value: unknown): string {
  return JSON.stringify(value instanceof Uint8Array ? [...value] : value);
}
