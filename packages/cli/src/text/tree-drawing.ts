// The tree of a store as a picture: a row per level with its files, bytes and a bar, then a row per keyspace.
//
//   level  files      size    target
//   L0         2  8.12 MiB            ███▊███▊
//   L5         1  3.01 MiB  2.90 MiB  ██▊
//   L6        12  40.1 MiB            ███▊███▊███▊███▊███▊███▊███▊███▊

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
  readonly tableCount: number;
  readonly sizeBytes: number;
  readonly entryCount: number;
  /** Null where the level has no target, or none is known. Level 0 is judged by its number of runs instead. */
  readonly targetBytes: number | null;
}

/** One keyspace of a store. */
export interface KeyspaceShape {
  readonly name: string;
  readonly levels: readonly LevelShape[];
}

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
    const size = { fileCount: level.tableCount, sizeBytes: level.sizeBytes };
    return [
      palette.heading(`L${level.level}`),
      formatCount(level.tableCount),
      formatCount(level.entryCount),
      formatBytes(level.sizeBytes),
      level.level === 0 || level.targetBytes === null ? '' : formatBytes(level.targetBytes),
      barStyle(level.level, palette)(levelBar(size, { largestSizeBytes, widthColumns })),
    ];
  });
  return renderTable(LEVEL_COLUMNS, rows, palette);
}

/** A row per keyspace: how much it holds and on which levels. */
export function drawKeyspaces(keyspaces: readonly KeyspaceShape[], palette: Palette): string {
  const rows = keyspaces.map(({ levels, name }) => [
    palette.key(name),
    formatCount(sumOf(levels, (level) => level.entryCount)),
    formatCount(sumOf(levels, (level) => level.tableCount)),
    formatBytes(sumOf(levels, (level) => level.sizeBytes)),
    levels
      .filter((level) => level.tableCount > 0)
      .map((level) => `L${level.level}:${level.tableCount}`)
      .join(' '),
  ]);
  return renderTable(KEYSPACE_COLUMNS, rows, palette);
}

/**
 * Tables that a lookup of one key may have to look into, in the keyspace where that is most: every table of level 0 and
 * one of each level below. Filters spare it nearly all of them.
 */
export function lookupTableCount(keyspaces: readonly KeyspaceShape[]): number {
  return keyspaces.reduce((most, { levels }) => {
    const count = sumOf(levels, ({ level, tableCount }) =>
      level === 0 ? tableCount : Math.min(tableCount, 1),
    );
    return Math.max(most, count);
  }, 0);
}

/** Levels that hold something, over all keyspaces; targets only of the keyspaces that have something there. */
function combineLevels(keyspaces: readonly KeyspaceShape[]): readonly LevelShape[] {
  const byLevel = new Map<number, LevelShape>();
  for (const level of keyspaces.flatMap((keyspace) => keyspace.levels)) {
    if (level.tableCount === 0) {
      continue;
    }
    const before = byLevel.get(level.level);
    byLevel.set(level.level, before === undefined ? level : addLevels(before, level));
  }
  return [...byLevel.values()].sort((one, other) => one.level - other.level);
}

function addLevels(one: LevelShape, other: LevelShape): LevelShape {
  const hasTarget = one.targetBytes !== null || other.targetBytes !== null;
  return {
    level: one.level,
    tableCount: one.tableCount + other.tableCount,
    sizeBytes: one.sizeBytes + other.sizeBytes,
    entryCount: one.entryCount + other.entryCount,
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
