// The tree of a store as a picture: a row per level with its files, bytes and a bar, then a row per keyspace.
//
//   level  files      size     target
//   L0         2  8.12 MiB    4 files  ███▊███▊
//   L5         1  3.01 MiB   2.9 MiB   ██▊
//   L6        12  40.1 MiB             ███▊███▊███▊███▊███▊███▊███▊███▊

import type { Palette } from '../terminal/palette.js';
import { levelBar } from './level-bar.js';
import { formatBytes, formatCount } from './numbers.js';
import { renderTable } from './table.js';

const BAR_WIDTH_COLUMNS_MAX = 60;
const BAR_WIDTH_COLUMNS_MIN = 10;
const FIGURES_WIDTH_COLUMNS = 32;

/** One level of one keyspace. */
export interface LevelShape {
  readonly level: number;
  readonly fileSizesBytes: readonly number[];
  readonly entryCount: number;
}

/** One keyspace of a store. */
export interface KeyspaceShape {
  readonly name: string;
  readonly levels: readonly LevelShape[];
}

/** How to draw. */
export interface DrawingOptions {
  readonly palette: Palette;
  readonly widthColumns: number;
}

/** Draws the levels of all keyspaces together. Empty levels are left out, except for a tree with nothing in it. */
export function drawLevels(keyspaces: readonly KeyspaceShape[], options: DrawingOptions): string {
  const { palette } = options;
  const levels = combineLevels(keyspaces);
  const largestSizeBytes = Math.max(1, ...levels.map((level) => sumOf(level.fileSizesBytes)));
  const widthColumns = Math.min(
    BAR_WIDTH_COLUMNS_MAX,
    Math.max(BAR_WIDTH_COLUMNS_MIN, options.widthColumns - FIGURES_WIDTH_COLUMNS),
  );
  const rows = levels
    .filter((level) => level.fileSizesBytes.length > 0)
    .map((level) => [
      palette.heading(`L${level.level}`),
      formatCount(level.fileSizesBytes.length),
      formatBytes(sumOf(level.fileSizesBytes)),
      barColor(
        level.level,
        palette,
      )(levelBar(level.fileSizesBytes, { largestSizeBytes, widthColumns })),
    ]);
  if (rows.length === 0) {
    return palette.quiet('no tables yet: everything is in the log');
  }
  return renderTable(
    [
      { title: 'level' },
      { title: 'files', align: 'right' },
      { title: 'size', align: 'right' },
      { title: '' },
    ],
    rows,
    palette,
  );
}

/** A row per keyspace: how much it holds and on which levels. */
export function drawKeyspaces(keyspaces: readonly KeyspaceShape[], palette: Palette): string {
  const rows = keyspaces.map((keyspace) => {
    const sizes = keyspace.levels.flatMap((level) => level.fileSizesBytes);
    return [
      palette.key(keyspace.name),
      formatCount(sumOf(keyspace.levels.map((level) => level.entryCount))),
      formatCount(sizes.length),
      formatBytes(sumOf(sizes)),
      levelList(keyspace.levels),
    ];
  });
  return renderTable(
    [
      { title: 'keyspace' },
      { title: 'entries', align: 'right' },
      { title: 'files', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'files by level' },
    ],
    rows,
    palette,
  );
}

function levelList(levels: readonly LevelShape[]): string {
  return levels
    .filter((level) => level.fileSizesBytes.length > 0)
    .map((level) => `L${level.level}:${level.fileSizesBytes.length}`)
    .join(' ');
}

function combineLevels(keyspaces: readonly KeyspaceShape[]): readonly LevelShape[] {
  const byLevel = new Map<number, LevelShape>();
  for (const { level, fileSizesBytes, entryCount } of keyspaces.flatMap((one) => one.levels)) {
    const before = byLevel.get(level);
    byLevel.set(level, {
      level,
      fileSizesBytes: [...(before?.fileSizesBytes ?? []), ...fileSizesBytes],
      entryCount: (before?.entryCount ?? 0) + entryCount,
    });
  }
  return [...byLevel.values()].sort((one, other) => one.level - other.level);
}

/** Level 0, which waits to be merged, stands out from the sorted levels. */
function barColor(level: number, palette: Palette) {
  return level === 0 ? palette.warning : palette.good;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
