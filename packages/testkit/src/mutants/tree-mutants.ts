// Faults in the tree: which versions flush and compaction keep, and which version a reader sees.

import type { Mutant } from './mutant.js';

const DROP_RULES = 'engine/src/tables/drop-rules.ts';
const DROP_RULES_TESTS = ['engine/src/tables/drop-rules.test.ts'];
const PICKER_TESTS = [
  'engine/src/compact/leveled-picker.test.ts',
  'engine/src/compact/compaction-simulation.test.ts',
];
const LEVEL_TESTS = ['engine/src/manifest/level.test.ts'];
const VISIBLE = 'engine/src/iterators/visible-cursor.ts';
const VISIBLE_TESTS = ['engine/src/iterators/visible-cursor.test.ts'];
const RANGE_TESTS = ['engine/src/read/range.test.ts', 'engine/src/read/scan.test.ts'];
const CACHE = 'engine/src/tables/block-cache.ts';
const CACHE_TESTS = ['engine/src/tables/block-cache.test.ts'];

/** See the head of this file. */
export const TREE_MUTANTS: readonly Mutant[] = [
  {
    name: 'tombstone-dropped-above-bottom',
    rule: 'contract: a tombstone stays while anything deeper may hold its key',
    file: DROP_RULES,
    original: 'if (!this.#nothingDeeper || sequence > this.#oldestSnapshot) return KEEP;',
    replacement: 'if (sequence > this.#oldestSnapshot) return KEEP;',
    tests: DROP_RULES_TESTS,
  },
  {
    name: 'snapshot-ignored-in-drop-rules',
    rule: 'contract: the version that an open snapshot sees is kept',
    file: DROP_RULES,
    original: 'while (rung < snapshots.length && snapshots[rung]! < sequence) rung += 1;',
    replacement: 'while (rung < 0 * snapshots.length && snapshots[rung]! < sequence) rung += 1;',
    tests: DROP_RULES_TESTS,
  },
  {
    name: 'snapshot-off-by-one-in-drop-rules',
    rule: 'contract: a snapshot sees the version written at its own sequence number',
    file: DROP_RULES,
    original: 'snapshots[rung]! < sequence) rung += 1;',
    replacement: 'snapshots[rung]! <= sequence) rung += 1;',
    tests: DROP_RULES_TESTS,
  },
  {
    name: 'deeper-level-overlooked',
    rule: 'contract: a merge drops tombstones only if no deeper table overlaps it',
    file: 'engine/src/compact/picking.ts',
    original: 'dropTombstones: !isOverlapped,',
    replacement: 'dropTombstones: isOverlapped || !isOverlapped,',
    tests: PICKER_TESTS,
  },
  {
    name: 'move-onto-an-overlap',
    rule: 'contract: a table is moved only where nothing overlaps it',
    file: 'engine/src/compact/picking.ts',
    original: 'if (below.length > 0) break;',
    replacement: '',
    tests: PICKER_TESTS,
  },
  {
    name: 'older-overlap-left-behind',
    rule: 'contract: a table leaves level 0 with every older one that overlaps it',
    file: 'engine/src/compact/level-zero-picker.ts',
    original: 'compareWhole(table.smallestKey, largestKey) <= 0;',
    replacement: 'compareWhole(table.smallestKey, largestKey) < 0;',
    tests: PICKER_TESTS,
  },
  {
    name: 'level-zero-oldest-first',
    rule: 'contract: level 0 is read newest first',
    file: 'engine/src/manifest/level.ts',
    original: 'return b.largestSequence - a.largestSequence || b.fileNumber - a.fileNumber;',
    replacement: 'return a.largestSequence - b.largestSequence || a.fileNumber - b.fileNumber;',
    tests: LEVEL_TESTS,
  },
  {
    name: 'overlap-misses-last-key',
    rule: 'contract: a table overlaps a range that ends at its first key',
    file: 'engine/src/manifest/level.ts',
    original: 'compareWhole(table.smallestKey, largest) <= 0 &&',
    replacement: 'compareWhole(table.smallestKey, largest) < 0 &&',
    tests: LEVEL_TESTS,
  },
  {
    name: 'overlapping-tables-in-a-level',
    rule: 'T8: tables of a deeper level are disjoint',
    file: 'engine/src/manifest/level.ts',
    original: 'compareWhole(before.largestKey, after.smallestKey) < 0;',
    replacement: 'compareWhole(before.smallestKey, after.smallestKey) < 0;',
    tests: LEVEL_TESTS,
  },
  {
    name: 'newer-version-wins-nothing',
    rule: 'contract: of two versions of a key the newer comes first',
    file: 'engine/src/iterators/merging-cursor.ts',
    original: 'b.sequence - a.sequence;',
    replacement: 'a.sequence - b.sequence;',
    tests: ['engine/src/iterators/merging-cursor.test.ts'],
  },
  {
    name: 'iterator-reads-newer',
    rule: 'contract: an iterator sees nothing written after it was opened',
    file: VISIBLE,
    original: 'if (inner.sequence <= this.#sequence && !this.#isSavedKey()) {',
    replacement: 'if (!this.#isSavedKey()) {',
    tests: VISIBLE_TESTS,
  },
  {
    name: 'reverse-iterator-reads-newer',
    rule: 'contract: an iterator that goes backward sees nothing written after it was opened',
    file: VISIBLE,
    original: 'if (inner.sequence <= this.#sequence) this.#gather();',
    replacement: 'this.#gather();',
    tests: VISIBLE_TESTS,
  },
  {
    name: 'upper-bound-included',
    rule: 'contract: the upper bound of a range is exclusive',
    file: VISIBLE,
    original:
      'return compareBytes(inner.keyBytes, inner.keyOffset, end, upper, 0, upper.length) >= 0;',
    replacement:
      'return compareBytes(inner.keyBytes, inner.keyOffset, end, upper, 0, upper.length) > 0;',
    tests: VISIBLE_TESTS,
  },
  {
    name: 'reverse-lower-bound-left-out',
    rule: 'contract: the lower bound of a range is inclusive, backward too',
    file: VISIBLE,
    original:
      'return compareBytes(inner.keyBytes, inner.keyOffset, end, lower, 0, lower.length) < 0;',
    replacement:
      'return compareBytes(inner.keyBytes, inner.keyOffset, end, lower, 0, lower.length) <= 0;',
    tests: VISIBLE_TESTS,
  },
  {
    name: 'gt-includes-its-key',
    rule: 'contract: gt leaves its key out',
    file: 'engine/src/read/range.ts',
    original: 'lower = later(lower, afterKey(encodeKey(key, range.gt)));',
    replacement: 'lower = later(lower, encodeKey(key, range.gt));',
    tests: RANGE_TESTS,
  },
  {
    name: 'lte-leaves-its-key-out',
    rule: 'contract: lte includes its key',
    file: 'engine/src/read/range.ts',
    original: 'upper = earlier(upper, afterKey(encodeKey(key, range.lte)));',
    replacement: 'upper = earlier(upper, encodeKey(key, range.lte));',
    tests: RANGE_TESTS,
  },
  {
    name: 'get-ignores-its-snapshot',
    rule: 'contract: a get at a snapshot sees nothing newer in a table',
    file: 'engine/src/read/entry-lookup.ts',
    original: 'handle.newestSequence <= target.sequence ? Infinity : target.sequence;',
    replacement: 'handle.newestSequence >= 0 ? Infinity : target.sequence;',
    tests: ['engine/src/read/point-reader.test.ts', 'engine/src/keyspace.test.ts'],
  },
  {
    name: 'versions-in-next-block-missed',
    rule: 'contract: versions of a key that go on in the next block are found',
    file: 'engine/src/read/entry-lookup.ts',
    original:
      'return handle.reader.mayContinue(blockIndex, key, start, end) ? CONTINUES : UNDECIDED;',
    replacement: 'return UNDECIDED;',
    tests: ['engine/src/read/point-reader.test.ts'],
  },
  {
    name: 'deleted-key-shines-through',
    rule: 'contract: a tombstone in a memtable hides what tables hold',
    file: 'engine/src/read/entry-lookup.ts',
    original: 'return slots.kind === EntryKind.delete ? ABSENT : FOUND;',
    replacement: 'return slots.kind === EntryKind.delete ? UNDECIDED : FOUND;',
    tests: ['engine/src/read/point-reader.test.ts', 'engine/src/keyspace.test.ts'],
  },
  {
    name: 'closed-table-keeps-its-slots',
    rule: 'contract: a table that is closed leaves nothing in the cache',
    file: CACHE,
    original: 'if (slot >= 0) this.#evict(slot);',
    replacement: '',
    tests: CACHE_TESTS,
  },
  {
    name: 'evicted-block-still-found',
    rule: 'contract: a block whose slot was taken is not found there any more',
    file: CACHE,
    original: 'handle.blockSlots[this.#ownerBlocks[slot]] = NOT_CACHED;',
    replacement: 'void handle.blockSlots[NOT_CACHED];',
    tests: CACHE_TESTS,
  },
  {
    name: 'view-does-not-hold-its-version',
    rule: 'contract: the tables of a view stay while somebody reads it',
    file: 'engine/src/view/current-view.ts',
    original: 'version.retain();',
    replacement: '',
    tests: ['engine/src/view/view.test.ts'],
  },
  {
    name: 'memtable-reused-under-a-reader',
    rule: 'contract: the memory of a memtable is not used again while somebody reads it',
    file: 'engine/src/view/current-view.ts',
    original: 'if (count > 0) {',
    replacement: 'if (count > 1) {',
    tests: ['engine/src/view/view.test.ts'],
  },
  {
    name: 'keyspaces-share-a-memtable-root',
    rule: 'contract: a keyspace sees its own keys only',
    file: 'engine/src/memtable/radix/tree.ts',
    original: 'const rootSlot = this.rootSlotOf(keyspaceId);\n    return findKey',
    replacement:
      'const rootSlot = this.rootSlotOf(keyspaceId) || [...this.#rootSlots.values(), 0][0]!;\n    return findKey',
    tests: ['engine/src/planted-faults.test.ts'],
  },
  {
    name: 'keyspaces-flushed-together',
    rule: 'contract: a table holds the keys of one keyspace',
    file: 'engine/src/flush/flush-job.ts',
    original: 'tables.push({ keyspaceId: keyspace.id, table });',
    replacement: 'tables.push({ keyspaceId: tables[0]?.keyspaceId ?? keyspace.id, table });',
    tests: ['engine/src/flush/flush-job.test.ts'],
  },
  {
    name: 'compaction-loses-the-empty-key',
    rule: 'T9: a compaction drops nothing that the drop rules keep',
    file: 'engine/src/compact/compaction-job.ts',
    original: 'if (verdict === DROP) droppedEntryCount += 1;',
    replacement: 'if (verdict === DROP || cursor.keyLength === 0) droppedEntryCount += 1;',
    tests: ['engine/src/planted-faults.test.ts'],
  },
  {
    name: 'failed-compaction-leaves-outputs',
    rule: 'T9: a compaction that fails removes what it wrote',
    file: 'engine/src/compact/compaction-job.ts',
    original: 'outputs.abandon();',
    replacement: '',
    tests: ['engine/src/compact/compaction-job.test.ts'],
  },
];
