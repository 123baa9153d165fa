/**
 * A cursor over everything one keyspace holds in one view: memtables, level 0, and a run per deeper level, merged and
 * reduced to what is visible at one sequence.
 */
import { compareBytes, type EntryCursor } from '@varve/base';
import { TableCursor } from '@varve/sstable';
import { type KeyBounds, LevelCursor, MergingCursor, VisibleCursor } from '../iterators/index.js';
import type { Level, TableMetadata } from '../manifest/index.js';
import { type BlockWait, CachedBlockSource, type TableStore } from '../tables/index.js';
import type { TreeView } from '../view/index.js';

export interface TreeCursorOptions {
  readonly view: TreeView;
  readonly tables: TableStore;
  readonly keyspaceId: number;
  readonly sequence: number;
  readonly bounds: KeyBounds;
  readonly wait: BlockWait;
}

/** Opens the cursor. The caller keeps the view retained until it closes the cursor. */
export function openTreeCursor(options: TreeCursorOptions): VisibleCursor {
  const { sequence, bounds } = options;
  const levels = levelsOf(options);
  const runs = openRuns(options, levels);
  if (runs.length !== 1) {
    return new VisibleCursor(new MergingCursor(runs), { sequence, bounds, versionsPerKey: 'any' });
  }
  // A memtable's cursor shows one version of each key anyway.
  const isOne = levels.every((level) => options.tables.versionsPerKeyIn(level) === 'one');
  return new VisibleCursor(runs[0], { sequence, bounds, versionsPerKey: isOne ? 'one' : 'any' });
}

/**
 * Opens a cursor over the versions themselves, deletions too; of those in one memtable the newest of each key. The caller keeps
 * the view retained until it closes the cursor, and looks to the bounds itself.
 */
export function openVersions(options: TreeCursorOptions): EntryCursor {
  return new MergingCursor(openRuns(options, levelsOf(options)));
}

function levelsOf({ view, keyspaceId }: TreeCursorOptions): readonly Level[] {
  return view.version.keyspaces.get(keyspaceId)?.occupiedLevels ?? [];
}

function openRuns(options: TreeCursorOptions, levels: readonly Level[]): EntryCursor[] {
  const { view, keyspaceId, sequence } = options;
  const runs: EntryCursor[] = [];
  for (const memtable of view.memtables) {
    if (memtable.entryCount > 0) runs.push(memtable.cursor(keyspaceId, sequence));
  }
  for (const level of levels) addLevel(runs, level, options);
  return runs;
}

function addLevel(runs: EntryCursor[], level: Level, options: TreeCursorOptions): void {
  if (level.level === 0) {
    for (const table of level.tables) {
      if (overlaps(table, options.bounds)) runs.push(openTable(table, options));
    }
    return;
  }
  if (level.tables.length === 1) {
    runs.push(openTable(level.tables[0], options));
    return;
  }
  runs.push(
    new LevelCursor({
      runCount: level.tables.length,
      open: (runIndex, previous) => openTable(level.tables[runIndex], options, previous),
      locate: (key, start, end) => level.firstAtOrAfter(key, start, end),
    }),
  );
}

function openTable(
  table: TableMetadata,
  options: TreeCursorOptions,
  previous: EntryCursor | null = null,
): EntryCursor {
  const handle = options.tables.get(table.fileNumber);
  const source = new CachedBlockSource(options.tables.loader, handle, options.wait);
  if (!(previous instanceof TableCursor)) return new TableCursor(handle.reader, source);
  previous.retarget(handle.reader, source);
  return previous;
}

function overlaps(table: TableMetadata, bounds: KeyBounds): boolean {
  const { lower, upper } = bounds;
  const { smallestKey, largestKey } = table;
  if (
    upper !== null &&
    compareBytes(smallestKey, 0, smallestKey.length, upper, 0, upper.length) >= 0
  ) {
    return false;
  }
  return (
    lower === null || compareBytes(largestKey, 0, largestKey.length, lower, 0, lower.length) >= 0
  );
}
