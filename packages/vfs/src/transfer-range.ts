// The check of a read's or write's byte range, shared by every file that moves bytes itself.

import { assert } from '@varve/base';

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
