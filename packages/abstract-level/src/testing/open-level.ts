// Databases for tests: in directories of their own, closed and removed when the test ends.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DatabaseOptions } from '../level-options.js';
import { VarveLevel } from '../varve-level.js';

/** A directory that goes when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'varve-level-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** An open database, closed when the test ends. Background work runs on this thread unless the options say otherwise. */
export async function openLevel<K = string, V = string>(
  options?: DatabaseOptions<K, V>,
  location = join(temporaryDirectory(), 'db'),
): Promise<VarveLevel<K, V>> {
  const level = new VarveLevel<K, V>(location, { backgroundThreads: 0, ...options } as never);
  await level.open();
  onTestFinished(() => level.close());
  return level;
}

/** An error with a code, and a cause that has one too. */
export interface CodedError extends Error {
  readonly code?: string;
  readonly cause?: CodedError;
}

/** What an asynchronous call fails with. */
export async function errorOf(promise: Promise<unknown>): Promise<CodedError> {
  try {
    await promise;
  } catch (error) {
    return error as CodedError;
  }
  throw new Error('Expected a rejection');
}
