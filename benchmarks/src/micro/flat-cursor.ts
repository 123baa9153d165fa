/** A sorted run in one buffer that only walks forward: the cheapest child a merge can have. */

import { KEY_SIZE_BYTES } from './entries.js';
import type { EntryCursor } from './rooms.js';

const PUT = 1;
const READY = 0;
const EMPTY = Buffer.alloc(0);

/** Walks keys of 16 bytes that lie end to end, with empty values. */
export class FlatCursor implements EntryCursor {
  valid = false;
  keyBytes: Uint8Array;
  keyOffset = 0;
  keyLength = KEY_SIZE_BYTES;
  valueBytes: Uint8Array = EMPTY;
  valueOffset = 0;
  valueLength = 0;
  sequence = 1;
  kind = PUT;

  constructor(keys: Uint8Array) {
    this.keyBytes = keys;
  }

  first(): number {
    this.keyOffset = 0;
    this.valid = this.keyBytes.length > 0;
    return READY;
  }

  next(): number {
    this.keyOffset += KEY_SIZE_BYTES;
    this.valid = this.keyOffset < this.keyBytes.length;
    return READY;
  }

  last = refuse;
  seek = refuse;
  seekBackward = refuse;
  previous = refuse;
  load = refuse;
  resume = refuse;

  close(): void {}
}

function refuse(): never {
  throw new Error('A flat cursor only walks from its first entry to its last');
}
