// A block source that makes a cursor wait at random, for tests of the waiting.

import { CursorStatus, type Random } from '@varve/base';
import type { BlockBuffer, BlockSource } from '../block-source.js';
import type { TableReader } from '../table-reader.js';

/** Answers PENDING to a share of fetches, sometimes several times for one block. */
export class PendingSource implements BlockSource {
  readonly #random: Random;
  readonly #pendingPercent: number;
  pendingCount = 0;

  constructor(random: Random, pendingPercent: number) {
    this.#random = random;
    this.#pendingPercent = pendingPercent;
  }

  fetch(reader: TableReader, blockIndex: number, buffer: BlockBuffer): number {
    if (this.#random.below(100) < this.#pendingPercent) {
      this.pendingCount++;
      // A cache that is loading may do anything to memory that a waiting cursor does not own.
      buffer.bytes.fill(0xee);
      buffer.loading = Promise.resolve();
      return CursorStatus.PENDING;
    }
    const contentLength = reader.contentLength(blockIndex);
    buffer.ensure(contentLength);
    buffer.length = reader.readBlockSync(blockIndex, buffer.bytes, 0);
    return CursorStatus.READY;
  }
}
