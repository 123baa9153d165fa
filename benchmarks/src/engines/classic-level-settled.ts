/**
 * Whether LevelDB has background work to do. It has no call for that, but what decides it can be seen: a memtable that is
 * not yet a table has a log of its own, and a level is compacted while it holds more than its share.
 */

import { readdir } from 'node:fs/promises';

/** Files on level 0 that start a compaction (`kL0_CompactionTrigger`). */
const LEVEL_0_FILE_COUNT_MAX = 4;

/** Level 1 is compacted above 10 MB (1 MB = 2^20 bytes), each further level above ten times as much. */
const LEVEL_1_SIZE_MB_MAX = 10;

/** What is asked of the database. */
export interface LevelDb {
  readonly location: string;
  getProperty(property: string): string;
}

/** True if no flush and no compaction is due. */
export async function isLevelDbSettled(level: LevelDb): Promise<boolean> {
  const names = await readdir(level.location);
  if (names.filter((name) => name.endsWith('.log')).length > 1) return false;
  return levelsInStatistics(level.getProperty('leveldb.stats')).every(isWithinShare);
}

interface LevelSize {
  readonly level: number;
  readonly fileCount: number;
  readonly sizeMb: number;
}

/** Rows of the table that the property `leveldb.stats` holds: level, files, size in MB, and three columns of time and bytes. */
export function levelsInStatistics(text: string): LevelSize[] {
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return rows
    .filter((cells) => cells.length === 6 && cells.every(Number.isFinite))
    .map(([level, fileCount, sizeMb]) => ({
      level: level!,
      fileCount: fileCount!,
      sizeMb: sizeMb!,
    }));
}

function isWithinShare({ level, fileCount, sizeMb }: LevelSize): boolean {
  if (level === 0) return fileCount < LEVEL_0_FILE_COUNT_MAX;
  // The last level, 6, has no limit: nothing is below it. The size is rounded to whole megabytes.
  return level === 6 || sizeMb <= LEVEL_1_SIZE_MB_MAX * 10 ** (level - 1);
}
