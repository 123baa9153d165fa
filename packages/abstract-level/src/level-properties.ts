/**
 * What `getProperty` tells: the properties of LevelDB that have a meaning here, in its words, and our statistics whole.
 */
import type { DatabaseStatistics, LevelStatistics } from '@varve/engine';

const FILES_AT_LEVEL = /^leveldb\.num-files-at-level(\d+)$/;
const MIB = 1024 * 1024;

/** The value of a property; empty for a name that is none, as in LevelDB. */
export function propertyOf(statistics: DatabaseStatistics, name: string): string {
  const levels = statistics.keyspaces[0]?.levels ?? [];
  const files = FILES_AT_LEVEL.exec(name);
  if (files !== null) return String(levels[Number(files[1])]?.tableCount ?? 0);
  switch (name) {
    case 'leveldb.stats':
      return describeLevels(levels);
    case 'leveldb.sstables':
      return describeTables(levels);
    case 'leveldb.approximate-memory-usage':
      return String(memoryBytes(statistics));
    case 'varve.stats':
      return JSON.stringify(statistics);
    default:
      return '';
  }
}

function describeLevels(levels: readonly LevelStatistics[]): string {
  const used = levels.filter(({ tableCount }) => tableCount > 0);
  const lines = used.map(({ level, tableCount, sizeBytes, entryCount }) =>
    [level, tableCount, (sizeBytes / MIB).toFixed(1), entryCount]
      .map((cell) => String(cell).padStart(9))
      .join(' '),
  );
  return ['    Level    Tables  Size(MB)   Entries', ...lines, ''].join('\n');
}

function describeTables(levels: readonly LevelStatistics[]): string {
  return levels
    .flatMap(({ level, tables }) => [
      `--- level ${level} ---`,
      ...tables.map(({ fileNumber, sizeBytes }) => ` ${fileNumber}:${sizeBytes}`),
    ])
    .join('\n');
}

function memoryBytes({ memory }: DatabaseStatistics): number {
  return memory.memtableBytes + memory.blockCacheBytes + memory.indexAndFilterBytes;
}
