// The index of a memtable: one radix tree per keyspace, all in one array.
//
// layout.ts has the layout; the operations are in files of their own. This file ties them to the roots. Keys are not in
// the tree but in the arena, where the entry that is inserted already stands.

import type { EntrySlots } from '../entry-format.js';
import { findKey } from './find.js';
import { InsertResult, insertEntry } from './insert.js';
import { RadixMemory } from './memory.js';

/** For each keyspace: its id, and the slot of the root of its tree. */
export type RootTable = readonly (readonly [keyspaceId: number, rootSlot: number])[];

/** What a tree is made from: empty memory, or that of a tree in another thread. */
export interface RadixTreeParts {
  readonly arenaBytes: Uint8Array;
  readonly buffer: SharedArrayBuffer;
  readonly usedSizeBytes: number;
  readonly roots: RootTable;
}

/** Finds keys by keyspace and bytes. What is found is a slot: version-chain.ts reads the versions from it. */
export class RadixTree {
  /** Changes whenever a `RadixPath` into any of the trees becomes wrong. */
  modificationCount = 0;
  readonly #memory: RadixMemory;
  readonly #arenaBytes: Uint8Array;
  readonly #rootSlots: Map<number, number>;

  /** Takes the memory described by `parts`. */
  constructor(parts: RadixTreeParts) {
    this.#memory = new RadixMemory(parts.buffer, parts.usedSizeBytes);
    this.#arenaBytes = parts.arenaBytes;
    this.#rootSlots = new Map(parts.roots);
  }

  /** The array, until the next insert. */
  get words(): Int32Array<SharedArrayBuffer> {
    return this.#memory.words;
  }

  /** Bytes of the array that are in use. */
  get usedSizeBytes(): number {
    return this.#memory.usedSizeBytes;
  }

  /** The keyspaces that have a tree, in the order of their first insert. */
  get roots(): RootTable {
    return [...this.#rootSlots];
  }

  /** The slot of the root of a keyspace's tree; if it has none, 0, an empty slot. */
  rootSlotOf(keyspaceId: number): number {
    return this.#rootSlots.get(keyspaceId) ?? 0;
  }

  /** Makes room for so many entries, as far as can be said. Throws `RangeError` when there is no memory; then nothing changed. */
  reserve(entryCount: number): void {
    this.#memory.reserve(entryCount);
  }

  /** Indexes an entry. Requires: its sequence is higher than that of every entry in the tree. */
  insert(entryOffset: number, entry: EntrySlots, relativeSequence: number): void {
    const memory = this.#memory;
    memory.prepareInsert();
    let rootSlot = this.rootSlotOf(entry.keyspaceId);
    if (rootSlot === 0) {
      rootSlot = memory.allocateRoot();
      this.#rootSlots.set(entry.keyspaceId, rootSlot);
    }
    const arenaBytes = this.#arenaBytes;
    const result = insertEntry(memory, rootSlot, arenaBytes, entryOffset, entry, relativeSequence);
    if (result === InsertResult.NEW_KEY) this.modificationCount++;
  }

  /** The slot of a key, or 0. */
  find(keyspaceId: number, key: Uint8Array, start: number, end: number): number {
    const rootSlot = this.rootSlotOf(keyspaceId);
    return findKey(this.#memory.words, rootSlot, this.#arenaBytes, key, start, end);
  }

  /** Forgets everything and keeps the memory. */
  clear(): void {
    this.modificationCount++;
    this.#rootSlots.clear();
    this.#memory.clear();
  }
}
