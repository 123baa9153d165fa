/**
 * A batch encoded outside the arena: because it has to wait for room, or because its size must be known first.
 */
import {
  copyBytes,
  MAX_BATCH_SIZE_BYTES,
  StorageError,
  withMemory,
  writeVarint,
} from '@varve/base';
import type { EntryEncoder, EntryFormat } from './entry-encoder.js';

/** One operation of a batch. `value` is required for a put. */
export interface BatchOperation<K = unknown, V = unknown> {
  readonly type: 'put' | 'del';
  readonly key: K;
  readonly value?: V;
}

const COUNT_SIZE_BOUND_BYTES = 8;

/** Entry count, entries, and where each entry starts. */
export class EncodedBatch {
  bytes: Buffer = Buffer.allocUnsafe(256);
  readonly entryOffsets: number[] = [];
  length: number;

  constructor(entryCount: number) {
    this.length = writeVarint(this.bytes, 0, entryCount);
  }

  /**
   * Gives where the next entry is to be encoded, with room for `boundBytes`.
   * @throws StorageError BUSY when there is no memory for it
   */
  add(boundBytes: number): number {
    const needed = this.length + boundBytes;
    if (needed > this.bytes.length) this.#grow(needed);
    this.entryOffsets.push(this.length);
    return this.length;
  }

  /** The entry added last ends here. */
  close(end: number): void {
    this.length = end;
    if (end > MAX_BATCH_SIZE_BYTES + COUNT_SIZE_BOUND_BYTES) {
      throw new StorageError(
        'BATCH_TOO_LARGE',
        `Cannot write a batch of over ${MAX_BATCH_SIZE_BYTES} bytes: split it`,
      );
    }
  }

  #grow(needed: number): void {
    const larger = withMemory(needed, () =>
      Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2)),
    );
    copyBytes(this.bytes, 0, this.length, larger, 0);
    this.bytes = larger;
  }
}

/** Encodes a whole batch apart. Throws what an operation's encoding throws. */
export function encodeApart<O extends BatchOperation>(
  encoder: EntryEncoder,
  operations: readonly O[],
  formatOf: (operation: O) => EntryFormat<unknown, unknown>,
): EncodedBatch {
  const count = operations.length;
  const apart = new EncodedBatch(count);
  for (let index = 0; index < count; index++) {
    const operation = operations[index];
    const format = formatOf(operation);
    const { key, value } = operation;
    if (operation.type === 'put') {
      const start = apart.add(encoder.putBound(format, key, value));
      apart.close(encoder.put(format, apart.bytes, start, key, value));
    } else {
      const start = apart.add(encoder.deleteBound(format, key));
      apart.close(encoder.del(format, apart.bytes, start, key));
    }
  }
  return apart;
}
