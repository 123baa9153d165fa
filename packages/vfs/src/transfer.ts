// What reads and writes have in common: the shape of the functions that carry them out, and the check of their range.

import { assert } from '@varve/base';
import type { FileOperation } from './file-system.js';

/** The two operations that move bytes. */
export type Transfer = Extract<FileOperation, 'read' | 'write'>;
/** `fs.readSync` and `fs.writeSync`, as used here: descriptor, bytes, offset, length, position. */
export type MoveSync = (
  fd: number,
  bytes: Uint8Array,
  at: number,
  size: number,
  from: number,
) => number;
/** What `fs.read` and `fs.write` call in the end. */
export type Moved = (cause: Error | null, movedSize: number) => void;
/** `fs.read` and `fs.write`, as used here; see {@link MoveSync}. */
export type Move = (...to: [...Parameters<MoveSync>, done: Moved]) => void;

/** Throws BugError unless the range lies inside `bytes` and the position is a possible one in a file. */
export function assertTransferRange(
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
): void {
  assert(
    Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length >= 0,
    'A transfer needs an offset and a length that are whole and not negative',
  );
  assert(offset + length <= bytes.length, 'A transfer must lie inside its buffer');
  assert(
    Number.isSafeInteger(position) && position >= 0 && Number.isSafeInteger(position + length),
    'A transfer needs a position in the file that is whole and not negative',
  );
}
