// What the operations of clients, and closing, may fail with. Nothing may without a fault, but for what closing cuts short;
// after one, reads only with what a table failed them with (read-errors.ts), anything else with what faults show as.

import { isStorageError, type StorageErrorCode } from '@varve/base';
import { errorText } from '../drivers/image-check.js';
import { refuteReadError } from '../drivers/read-errors.js';
import { ownStackOf } from './own-stack.js';
import type { RunContext } from './run-context.js';

type Circumstances = Pick<RunContext, 'phase' | 'machine'>;

/** What may come of an operation that is under way when the database is closed. */
const CLOSING_CODES: readonly StorageErrorCode[] = [
  ...(['CLOSED', 'ITERATOR_CLOSED', 'SNAPSHOT_RELEASED'] as const),
];
/** What makes a database unable to keep what it was given. */
const LOSS_CODES: readonly StorageErrorCode[] = [
  ...(['IO', 'NO_SPACE', 'TOO_MANY_FILES', 'DURABILITY_UNKNOWN', 'READ_ONLY'] as const),
];
/** What may come of a write, or of an opening, when something fails. */
const FAULT_CODES: readonly StorageErrorCode[] = [...LOSS_CODES, 'BUSY', 'TIMEOUT'];

/** Says why an operation that changes something must not fail like this; null if it may. */
export function refuteError(run: Circumstances, error: unknown): string | null {
  if (isCutShort(run, error)) return null;
  if (run.machine.mayFail && hasCode(error, FAULT_CODES)) return null;
  return unexpected(run, error);
}

/** Says why a read must not fail like this; null if it may. */
export function refuteFailedRead(run: Circumstances, error: unknown): string | null {
  if (isCutShort(run, error)) return null;
  const { mayFail, injected } = run.machine;
  const fault = mayFail ? refuteReadError(error, injected) : 'nothing failed';
  return fault === null ? null : `${fault}: ${unexpected(run, error)}`;
}

/** Says why close() must not reject like this; null if it may. */
export function refuteFailedClose({ machine }: Circumstances, error: unknown): string | null {
  if (machine.mayFail && hasCode(error, LOSS_CODES)) return null;
  return `close() failed: ${errorText(error)}`;
}

function isCutShort({ phase }: Circumstances, error: unknown): boolean {
  return phase === 'closing' && hasCode(error, CLOSING_CODES);
}

function hasCode(error: unknown, codes: readonly StorageErrorCode[]): boolean {
  return isStorageError(error) && codes.includes(error.code);
}

function unexpected({ phase }: Circumstances, error: unknown): string {
  const stack = error instanceof Error ? `\n${ownStackOf(error)}` : '';
  return `unexpected error while ${phase}: ${errorText(error)}${stack}`;
}
