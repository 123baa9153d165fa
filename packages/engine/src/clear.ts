/**
 * Removes a range of a keyspace: reads its keys, and deletes them in batches.
 *
 * All batches go into the same log, in order, so only the last one has to ask for the durability of the whole: the ones
 * before are durable when it is.
 *
 * What is written to after the call stays, whether it was there before or not. So each batch leaves out the keys that have a
 * version of later, in the same turn in which it is written.
 */
import { resolveEncoding } from './encoding/index.js';
import {
  makeScan,
  newerKeys,
  type RangeOptions,
  type ReadFormat,
  type ReadSnapshot,
  textOfKey,
} from './read/index.js';
import type { Store } from './store.js';
import { RANK_OS, type WriteBoundary } from './write/index.js';

const BATCH_ENTRY_COUNT = 1000;
/** Long keys make smaller batches. */
const BATCH_SIZE_BYTES_MAX = 1024 * 1024;

interface Deletion {
  readonly type: 'del';
  readonly key: Uint8Array;
}

interface DeletionOptions {
  readonly keyspaceId: number;
  readonly formatOf: () => ReadFormat<unknown, unknown>;
  /** Versions above it are not to be deleted; Infinity: all are. */
  readonly limit: number;
}

/** What is to be removed, and the durability of that as a rank. */
export interface Clearing<K> {
  readonly range: RangeOptions<K>;
  readonly rank: number;
}

/**
 * Resolves when everything the range holds now, writes under way included, is deleted, as durably as asked; with a snapshot,
 * what that shows, written to since or not.
 */
export async function clearRange<K, V>(
  store: Store,
  format: ReadFormat<K, V>,
  { range, rank }: Clearing<K>,
): Promise<void> {
  const bytes = resolveEncoding('binary');
  const deleted = { keyspaceId: format.keyspaceId, key: bytes, value: bytes };
  const formatOf = (): ReadFormat<unknown, unknown> =>
    deleted as unknown as ReadFormat<unknown, unknown>;
  const { queue } = store;
  const boundary = queue.boundary();
  const scan = makeScan(store, format, {
    // As of the call also where what comes later would count for a limit.
    range: { ...range, snapshot: range.snapshot ?? stateAt(boundary) },
    take: ({ keyBytes, keyOffset, keyLength }): Deletion => ({
      type: 'del',
      key: bytes.read(keyBytes, keyOffset, keyOffset + keyLength),
    }),
  });
  // Merges take the sequence from versions that no snapshot needs to tell from others, and what came later would look old.
  const hold = store.snapshots.add(store.current.visibleSequence, store.monotonicMs());
  let reader: ReturnType<typeof scan.reader> | undefined;
  try {
    if (range.snapshot === undefined) await queue.drain();
    const limit = range.snapshot === undefined ? boundary.sequence : Number.POSITIVE_INFINITY;
    const write = new DeletionWriter(store, { keyspaceId: format.keyspaceId, formatOf, limit });
    reader = scan.reader();
    let batch = await readBatch(reader);
    while (batch.length > 0) {
      const next = await readBatch(reader);
      const batchRank = next.length === 0 ? rank : Math.min(rank, RANK_OS);
      await write.write(batch, batchRank);
      batch = next;
    }
    // Seldom: all of the last batch was written to meanwhile, so nothing asked for the durability of the others.
    if (write.isBehind(rank)) await store.flush();
  } finally {
    reader?.close();
    store.snapshots.remove(hold);
  }
}

/** What is read as of the boundary, once that is known. */
function stateAt(boundary: WriteBoundary): ReadSnapshot {
  return {
    released: false,
    get sequence() {
      return boundary.sequence;
    },
  };
}

class DeletionWriter {
  readonly #store: Store;
  readonly #options: DeletionOptions;
  /** The newest sequence that nobody else can have given. */
  #ownSequence: number;
  /** Of the last batch that was not empty. */
  #lastRank: number | null = null;

  constructor(store: Store, options: DeletionOptions) {
    this.#store = store;
    this.#options = options;
    this.#ownSequence = options.limit;
  }

  async write(batch: readonly Deletion[], rank: number): Promise<void> {
    const { queue } = this.#store;
    queue.publishSync();
    // From here to the write nobody else has a turn.
    const isUndisturbed = queue.lastSequence <= this.#ownSequence;
    const rest = isUndisturbed ? batch : this.#untouched(batch);
    if (rest.length === 0) return;
    const written = this.#put(rest, rank);
    if (isUndisturbed) this.#ownSequence = Math.max(this.#ownSequence, queue.lastSequence);
    this.#lastRank = rank;
    await written;
  }

  /** Whoever waits for room came later, and has to find the deletions done. */
  #put(rest: readonly Deletion[], rank: number): Promise<void> {
    const { queue } = this.#store;
    const { limit, formatOf } = this.#options;
    if (limit === Number.POSITIVE_INFINITY) return queue.batch(rest, formatOf, rank);
    return queue.batchFirst(rest, formatOf, rank);
  }

  /** Whether deletions were written that need more than they asked for. */
  isBehind(rank: number): boolean {
    return this.#lastRank !== null && this.#lastRank < rank;
  }

  /** Those of which there is no version of later. */
  #untouched(batch: readonly Deletion[]): readonly Deletion[] {
    const { current, tables } = this.#store;
    const { keyspaceId, limit: sequence } = this.#options;
    const keys = batch.map(({ key }) => key);
    const newer = newerKeys({ current, tables, keyspaceId, keys, sequence });
    return newer.size === 0 ? batch : batch.filter(({ key }) => !newer.has(textOfKey(key)));
  }
}

function readBatch(reader: {
  read(count: number, options: { sizeBytesMax: number }): Promise<Deletion[]>;
}): Promise<Deletion[]> {
  return reader.read(BATCH_ENTRY_COUNT, { sizeBytesMax: BATCH_SIZE_BYTES_MAX });
}
