// The tree of a store as a picture: a row per level with its files, bytes and a bar, then a row per keyspace.
//
//   level  files  entries      size    target
//   L0         2   41,210  8.12 MiB            ████▊██▊
//   L5         1   15,094  3.01 MiB  2.90 MiB  ██▊
//   L6         6  201,800  40.1 MiB            ██████▊██████▊██████▊██████▊██████▊██▊

import { levelBar } from './level-bar.js';
import { formatBytes, formatCount } from './numbers.js';
import type { Palette } from './palette.js';
import { type Column, renderTable } from './table.js';

const BAR_WIDTH_COLUMNS_MAX = 60;
const BAR_WIDTH_COLUMNS_MIN = 10;
const FIGURES_WIDTH_COLUMNS = 46;

/** One level of one keyspace; the engine's statistics have this shape. */
export interface LevelShape {
  readonly level: number;
  readonly sizeBytes: number;
  readonly entryCount: number;
  /** How many of the tables can hold the same key. */
  readonly runCount: number;
  readonly tables: readonly { readonly sizeBytes: number }[];
  /** Null where the level has no target, or none is known. Level 0 is judged by its number of runs instead. */
  readonly targetBytes: number | null;
}

/** One keyspace of a store. */
export interface KeyspaceShape {
  readonly name: string;
  readonly levels: readonly LevelShape[];
}

/** The same level of several keyspaces. A lookup is in one keyspace, so there is no `runCount` for all of them. */
type CombinedLevel = Omit<LevelShape, 'runCount'>;

const LEVEL_COLUMNS: readonly Column[] = [
  { title: 'level' },
  { title: 'files', align: 'right' },
  { title: 'entries', align: 'right' },
  { title: 'size', align: 'right' },
  { title: 'target', align: 'right' },
  { title: '' },
];

const KEYSPACE_COLUMNS: readonly Column[] = [
  { title: 'keyspace' },
  { title: 'entries', align: 'right' },
  { title: 'files', align: 'right' },
  { title: 'size', align: 'right' },
  { title: 'files by level' },
];

/** Draws the levels of all keyspaces together, without the empty ones. */
export function drawLevels(
  keyspaces: readonly KeyspaceShape[],
  options: { palette: Palette; widthColumns: number },
): string {
  const { palette } = options;
  const levels = combineLevels(keyspaces);
  if (levels.length === 0) {
    return palette.quiet('There are no tables yet: everything is in the log.');
  }
  const largestSizeBytes = Math.max(...levels.map((level) => level.sizeBytes));
  const room = options.widthColumns - FIGURES_WIDTH_COLUMNS;
  const widthColumns = Math.min(BAR_WIDTH_COLUMNS_MAX, Math.max(BAR_WIDTH_COLUMNS_MIN, room));
  const rows = levels.map((level) => {
    const bar = levelBar(
      level.tables.map((table) => table.sizeBytes),
      { largestSizeBytes, widthColumns },
    );
    return [
      palette.heading(`L${level.level}`),
      formatCount(level.tables.length),
      formatCount(level.entryCount),
      formatBytes(level.sizeBytes),
      level.level === 0 || level.targetBytes === null ? '' : formatBytes(level.targetBytes),
      barStyle(level.level, palette)(bar),
    ];
  });
  return renderTable(LEVEL_COLUMNS, rows, palette);
}

/** A row per keyspace: how much it holds and on which levels. */
export function drawKeyspaces(keyspaces: readonly KeyspaceShape[], palette: Palette): string {
  const rows = keyspaces.map(({ levels, name }) => [
    palette.key(name),
    formatCount(sumOf(levels, (level) => level.entryCount)),
    formatCount(sumOf(levels, (level) => level.tables.length)),
    formatBytes(sumOf(levels, (level) => level.sizeBytes)),
    levels
      .filter((level) => level.tables.length > 0)
      .map((level) => `L${level.level}:${level.tables.length}`)
      .join(' '),
  ]);
  return renderTable(KEYSPACE_COLUMNS, rows, palette);
}

/**
 * Tables that a lookup of one key may have to look into, in the keyspace where that is most: one of each sorted run.
 * Filters spare it nearly all of them.
 */
export function lookupTableCount(keyspaces: readonly KeyspaceShape[]): number {
  return keyspaces.reduce(
    (most, { levels }) =>
      Math.max(
        most,
        sumOf(levels, (level) => level.runCount),
      ),
    0,
  );
}

/** Levels that hold something, over all keyspaces; targets only of the keyspaces that have something there. */
function combineLevels(keyspaces: readonly KeyspaceShape[]): readonly CombinedLevel[] {
  const byLevel = new Map<number, CombinedLevel>();
  for (const level of keyspaces.flatMap((keyspace) => keyspace.levels)) {
    if (level.tables.length === 0) {
      continue;
    }
    const before = byLevel.get(level.level);
    byLevel.set(level.level, before === undefined ? level : addLevels(before, level));
  }
  return [...byLevel.values()].sort((one, other) => one.level - other.level);
}

function addLevels(one: CombinedLevel, other: CombinedLevel): CombinedLevel {
  const hasTarget = one.targetBytes !== null || other.targetBytes !== null;
  return {
    level: one.level,
    sizeBytes: one.sizeBytes + other.sizeBytes,
    entryCount: one.entryCount + other.entryCount,
    tables: [...one.tables, ...other.tables],
    targetBytes: hasTarget ? (one.targetBytes ?? 0) + (other.targetBytes ?? 0) : null,
  };
}

/** Level 0, which waits to be merged, stands out from the sorted levels. */
function barStyle(level: number, palette: Palette) {
  return level === 0 ? palette.warning : palette.good;
}

function sumOf<Item>(items: readonly Item[], size: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + size(item), 0);
}
