// What a read may fail with. Reads go on whatever becomes of writing (rows I1, I5, I6): only a table that could not be opened
// or read excuses one, and then its error is that of the very call that was made to fail (row I7).

import { isStorageError, type StorageErrorCode } from '@varve/base';
import type { InjectedFault } from '@varve/vfs';
import { codeOf, messagesOf } from './accounting.js';

/** What a failed call of a read shows as, and what it shows as where bytes are missing. */
const READ_CODES: readonly StorageErrorCode[] = ['IO', 'TOO_MANY_FILES', 'CORRUPTION'];
const TABLE = /\.sst$/;
const READING: readonly string[] = ['open', 'read'];

/** Says why a read must not fail like this after these faults; null if it may. */
export function refuteReadError(error: unknown, injected: readonly InjectedFault[]): string | null {
  if (!isStorageError(error)) return 'a read failed with what is no StorageError';
  // Memory is what a read can lack without any fault of a file.
  if (error.code === 'BUSY') return null;
  const messages = new Set(messagesOf(error));
  const excuses = injected.filter((fault) => isExcuse(fault, messages));
  if (excuses.length === 0) return `a read failed with ${error.code} although no table failed it`;
  // A driver lets any call fail with any code: that of the call is as good as what reads fail with otherwise.
  const codes = [...READ_CODES, ...excuses.map((fault) => codeOf(fault.error))];
  return codes.includes(error.code) ? null : `a read failed with ${error.code}`;
}

/** A fault without an error, such as a read that ends early, may be the reason of whatever is read afterwards. */
function isExcuse({ call, effect, error }: InjectedFault, messages: ReadonlySet<string>): boolean {
  if (!READING.includes(call.operation) || !TABLE.test(call.path)) return false;
  if (error === undefined) return effect.kind !== 'delay';
  return messages.has(error.message);
}
