/**
 * Removes a range of a keyspace: reads its keys, and deletes them in batches.
 *
 * All batches go into the same log, in order, so only the last one has to ask for the durability of the whole: the ones
 * before are durable when it is.
 */
import { resolveEncoding } from './encoding/index.js';
import { makeScan, type RangeOptions, type ReadFormat } from './read/index.js';
import type { Store } from './store.js';
import { RANK_OS } from './write/index.js';

const BATCH_ENTRY_COUNT = 1000;
/** Long keys make smaller batches. */
const BATCH_SIZE_BYTES_MAX = 1024 * 1024;

interface Deletion {
  readonly type: 'del';
  readonly key: Uint8Array;
}

/** What is to be removed, and the durability of that as a rank. */
export interface Clearing<K> {
  readonly range: RangeOptions<K>;
  readonly rank: number;
}

/** Resolves when everything the range holds now is deleted, as durably as asked. */
export async function clearRange<K, V>(
  store: Store,
  format: ReadFormat<K, V>,
  { range, rank }: Clearing<K>,
): Promise<void> {
  const bytes = resolveEncoding('binary');
  const deleted = { keyspaceId: format.keyspaceId, key: bytes, value: bytes };
  const formatOf = (): ReadFormat<unknown, unknown> =>
    deleted as unknown as ReadFormat<unknown, unknown>;
  const scan = makeScan(store, format, {
    range,
    take: ({ keyBytes, keyOffset, keyLength }): Deletion => ({
      type: 'del',
      key: bytes.read(keyBytes, keyOffset, keyOffset + keyLength),
    }),
  });
  const reader = scan.reader();
  try {
    let batch = await readBatch(reader);
    while (batch.length > 0) {
      const next = await readBatch(reader);
      const batchRank = next.length === 0 ? rank : Math.min(rank, RANK_OS);
      await store.queue.batch(batch, formatOf, batchRank);
      batch = next;
    }
  } finally {
    reader.close();
  }
}

function readBatch(reader: {
  read(count: number, options: { sizeBytesMax: number }): Promise<Deletion[]>;
}): Promise<Deletion[]> {
  return reader.read(BATCH_ENTRY_COUNT, { sizeBytesMax: BATCH_SIZE_BYTES_MAX });
}
