/**
 * The point read: memtables newest first, then level 0 newest first, then one table per deeper level.
 *
 * One synchronous walk serves both APIs. In `'sync'` mode a missing block is read at once. In `'async'` mode the walk
 * stops and names the missing block; the caller loads it on the thread pool and walks again with the block in hand.
 * The result is left in the fields of this object, pointing into the memory where the value lies, so that a hit
 * allocates nothing; they are valid until the next walk or write.
 */
import { EntryKind, hashKey } from '@varve/base';
import { findEntry, locateValue } from '@varve/sstable';
import { decodeEntry, EntrySlots } from '../memtable/index.js';
import type { BlockWait, TableHandle, TableStore } from '../tables/index.js';
import type { TreeView } from '../view/index.js';
import { type SearchedLevel, SearchPlans } from './search-plan.js';

export const FOUND = 0;
export const ABSENT = 1;
/** A block is not in memory: see `missingHandle` and `missingBlockIndex`. */
export const MISSING = 2;

/** A block that was loaded for this lookup, whether or not the cache still has it. */
export interface LoadedBlock {
  readonly handle: TableHandle;
  readonly blockIndex: number;
  readonly content: Uint8Array;
}

/** What is looked up. One object serves every lookup of a database. */
export interface LookupTarget {
  view: TreeView;
  keyspaceId: number;
  /** Versions above it are invisible. */
  sequence: number;
  key: Uint8Array;
  keyStart: number;
  keyEnd: number;
}

const EMPTY = new Uint8Array(0);
/** A table was searched and says nothing about the key. */
const UNDECIDED = 3;
/** The versions of the key may go on in the next block. */
const CONTINUES = 4;

export class EntryLookup {
  bytes: Uint8Array = EMPTY;
  /** Of the entry found. */
  kind = 0;
  valueStart = 0;
  valueEnd = 0;
  missingHandle: TableHandle | null = null;
  missingBlockIndex = 0;
  /** Tables whose filter was asked, and those it ruled out: for statistics. */
  filterProbeCount = 0;
  filterNegativeCount = 0;
  readonly #tables: TableStore;
  readonly #slots = new EntrySlots();
  readonly #plans: SearchPlans;
  #wait: BlockWait = 'sync';
  #loaded: readonly LoadedBlock[] = [];

  constructor(tables: TableStore) {
    this.#tables = tables;
    this.#plans = new SearchPlans(tables);
  }

  /** Gives FOUND, ABSENT or, in `'async'` mode only, MISSING. */
  run(target: LookupTarget, wait: BlockWait, loaded: readonly LoadedBlock[]): number {
    const { memtables, version } = target.view;
    const { keyspaceId } = target;
    for (let index = 0; index < memtables.length; index++) {
      const { key, keyStart: start, keyEnd: end, sequence } = target;
      const offset = memtables[index].find(keyspaceId, key, start, end, sequence);
      if (offset >= 0) return this.#takeFromArena(memtables[index].arena.bytes, offset);
    }
    this.#wait = wait;
    this.#loaded = loaded;
    return this.#searchLevels(this.#plans.levelsOf(version, keyspaceId), target);
  }

  /** Lets go of where the last entry was found. */
  forget(): void {
    this.bytes = EMPTY;
    this.missingHandle = null;
    this.#loaded = [];
  }

  #takeFromArena(arena: Uint8Array, offset: number): number {
    const slots = this.#slots;
    decodeEntry(arena, offset, slots);
    this.bytes = arena;
    this.valueStart = slots.valueStart;
    this.valueEnd = slots.valueEnd;
    return slots.kind === EntryKind.delete ? ABSENT : FOUND;
  }

  #searchLevels(levels: readonly SearchedLevel[], target: LookupTarget): number {
    const { key, keyStart: start, keyEnd: end } = target;
    const hash = hashKey(key, start, end);
    for (let index = 0; index < levels.length; index++) {
      const searched = levels[index];
      let result = UNDECIDED;
      if (searched.isLevelZero) result = this.#searchRuns(searched, hash, target);
      else {
        const tableIndex = searched.level.firstAtOrAfter(key, start, end);
        if (tableIndex === searched.handles.length) continue;
        result = this.#searchTable(searched, tableIndex, hash, target);
      }
      if (result !== UNDECIDED) return result;
    }
    return ABSENT;
  }

  #searchRuns(searched: SearchedLevel, hash: number, target: LookupTarget): number {
    for (let index = 0; index < searched.handles.length; index++) {
      const result = this.#searchTable(searched, index, hash, target);
      if (result !== UNDECIDED) return result;
    }
    return UNDECIDED;
  }

  /** The filter is asked first: to ask it costs less than to compare the key with the bounds of the table. */
  #searchTable(
    searched: SearchedLevel,
    tableIndex: number,
    hash: number,
    target: LookupTarget,
  ): number {
    const handle = searched.handles[tableIndex];
    const { reader } = handle;
    this.filterProbeCount += 1;
    if (!reader.mayContain(hash)) {
      this.filterNegativeCount += 1;
      return UNDECIDED;
    }
    const { key, keyStart: start, keyEnd: end } = target;
    if (!reader.hasFilter && !searched.level.covers(tableIndex, key, start, end)) return UNDECIDED;
    let blockIndex = reader.findBlock(key, start, end);
    while (blockIndex < reader.blockCount) {
      const result = this.#searchBlock(handle, blockIndex, hash, target);
      if (result !== CONTINUES) return result;
      blockIndex += 1;
    }
    return UNDECIDED;
  }

  #searchBlock(
    handle: TableHandle,
    blockIndex: number,
    hash: number,
    target: LookupTarget,
  ): number {
    const base = this.#placeBlock(handle, blockIndex);
    if (base < 0) return MISSING;
    const block = this.bytes;
    const { key, keyStart: start, keyEnd: end } = target;
    const sequence = handle.newestSequence <= target.sequence ? Infinity : target.sequence;
    const entryIndex = findEntry(block, base, key, start, end, sequence, hash);
    if (entryIndex < 0) {
      return handle.reader.mayContinue(blockIndex, key, start, end) ? CONTINUES : UNDECIDED;
    }
    locateValue(block, base, entryIndex, this);
    return this.kind === EntryKind.delete ? ABSENT : FOUND;
  }

  /** Sets `bytes` to memory that holds the block and gives where it starts; -1 when it has to be loaded first. */
  #placeBlock(handle: TableHandle, blockIndex: number): number {
    const { cache, loader } = this.#tables;
    let slot = handle.blockSlots[blockIndex];
    if (slot >= 0) {
      cache.touch(slot);
      this.bytes = cache.bytes;
      return slot * cache.slotSizeBytes;
    }
    const kept = this.#keptBlock(handle, blockIndex);
    if (kept !== undefined) {
      this.bytes = kept;
      return 0;
    }
    if (this.#wait === 'async') {
      this.missingHandle = handle;
      this.missingBlockIndex = blockIndex;
      return -1;
    }
    slot = loader.loadSync(handle, blockIndex);
    this.bytes = slot >= 0 ? cache.bytes : loader.lastOversized;
    return slot >= 0 ? slot * cache.slotSizeBytes : 0;
  }

  #keptBlock(handle: TableHandle, blockIndex: number): Uint8Array | undefined {
    for (const loaded of this.#loaded) {
      if (loaded.handle === handle && loaded.blockIndex === blockIndex) return loaded.content;
    }
    return this.#tables.cache.getOversized(handle, blockIndex);
  }
}
