/** What `db.stats()` tells: the shape of the tree, what it cost to make, and what memory it uses. */
import type { StallReason } from './events.js';
import type { KeyspaceTree } from './manifest/index.js';
import type { Store } from './store.js';

/** One table. */
export interface TableStatistics {
  readonly fileNumber: number;
  readonly sizeBytes: number;
  readonly entryCount: number;
  readonly tombstoneCount: number;
}

/** One level of one keyspace. */
export interface LevelStatistics {
  readonly level: number;
  readonly tableCount: number;
  readonly sizeBytes: number;
  readonly entryCount: number;
  readonly tombstoneCount: number;
  /** Sorted runs: what a lookup has to look into at most. 1 below level 0. */
  readonly runCount: number;
  /** Level 0: newest first; deeper: in key order. */
  readonly tables: readonly TableStatistics[];
  /** Size the level is kept at; null for levels that are not in use. */
  readonly targetBytes: number | null;
}

/** One keyspace. */
export interface KeyspaceStatistics {
  readonly name: string;
  readonly keyEncoding: string;
  readonly valueEncoding: string;
  readonly compression: string;
  /** Table bytes. */
  readonly sizeBytes: number;
  /** Entries in tables: older versions and tombstones included. */
  readonly entryCount: number;
  /** Keys and values in tables, before encoding and compression. */
  readonly rawBytes: number;
  readonly levels: readonly LevelStatistics[];
}

/** Sizes in bytes, times in milliseconds, counters since the database was opened. */
export interface DatabaseStatistics {
  readonly status: string;
  /** Sequence number of the newest visible write. */
  readonly sequence: number;
  readonly keyspaces: readonly KeyspaceStatistics[];
  readonly tables: {
    readonly count: number;
    /** Files that are open now: all of them, unless `tuning.openTableFileCountMax` or the system allow fewer. */
    readonly openFileCount: number;
    readonly sizeBytes: number;
  };
  readonly memory: {
    readonly budgetBytes: number;
    /** Entries and indexes of the memtables. */
    readonly memtableBytes: number;
    readonly blockCacheBytes: number;
    readonly indexAndFilterBytes: number;
  };
  readonly cache: {
    readonly hitCount: number;
    readonly missCount: number;
    readonly readBytes: number;
  };
  readonly filters: {
    readonly probeCount: number;
    readonly negativeCount: number;
    readonly damagedCount: number;
  };
  readonly writes: {
    /** Entries as encoded in the log. */
    readonly userBytes: number;
    readonly flushCount: number;
    readonly flushedBytes: number;
    readonly compactionCount: number;
    readonly moveCount: number;
    readonly compactionReadBytes: number;
    readonly compactionWrittenBytes: number;
    readonly logSyncCount: number;
    /** Table bytes written per byte of entries: flushes and compactions, not the log. */
    readonly amplification: number | null;
  };
  readonly stalls: {
    readonly counts: Readonly<Record<StallReason, number>>;
    readonly durationsMs: Readonly<Record<StallReason, number>>;
  };
  readonly snapshots: {
    readonly count: number;
    readonly oldestAgeMs: number | null;
    /** Tables that were replaced, and are kept for iterators and cursors that are open. */
    readonly pinnedBytes: number;
  };
  /** Worker threads for flushes and compactions; 0: they run on the thread of the database. */
  readonly backgroundThreadCount: number;
  readonly openHandleCount: number;
  readonly recovery: { readonly replayedGroupCount: number; readonly discardedBytes: number };
}

/** Takes the statistics now. O(tables). */
export function statisticsOf(
  store: Store,
  targetsOf: (tree: KeyspaceTree) => readonly (number | null)[],
): DatabaseStatistics {
  const { metrics, tables, current, options, snapshots, points } = store;
  const keyspaces = [...current.view.version.keyspaces.values()].map((tree) =>
    keyspaceStatistics(tree, targetsOf(tree)),
  );
  const userBytes = metrics.userBytes + current.view.memtables[0].arena.usedBytes;
  const tableBytes = metrics.flushedBytes + metrics.compactionWrittenBytes;
  const oldest = snapshots.oldest;
  return {
    status: store.status,
    sequence: current.visibleSequence,
    keyspaces,
    tables: {
      count: tables.openCount,
      openFileCount: tables.files.openCount,
      sizeBytes: keyspaces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    },
    memory: {
      budgetBytes: options.memoryBudgetBytes,
      memtableBytes: current.view.memtables.reduce((sum, { usedBytes }) => sum + usedBytes, 0),
      blockCacheBytes: tables.cache.usedBytes,
      indexAndFilterBytes: tables.memoryBytes,
    },
    cache: {
      hitCount: tables.cache.hitCount,
      missCount: tables.cache.missCount,
      readBytes: tables.loader.readBytes,
    },
    filters: {
      probeCount: points.lookup.filterProbeCount,
      negativeCount: points.lookup.filterNegativeCount,
      damagedCount: tables.damagedFilterCount,
    },
    writes: {
      userBytes,
      flushCount: metrics.flushCount,
      flushedBytes: metrics.flushedBytes,
      compactionCount: metrics.compactionCount,
      moveCount: metrics.moveCount,
      compactionReadBytes: metrics.compactionReadBytes,
      compactionWrittenBytes: metrics.compactionWrittenBytes,
      logSyncCount: store.logSyncCount,
      amplification: metrics.userBytes === 0 ? null : tableBytes / metrics.userBytes,
    },
    stalls: { counts: { ...metrics.stallCounts }, durationsMs: { ...metrics.stallMs } },
    snapshots: {
      count: snapshots.count,
      oldestAgeMs: oldest === undefined ? null : store.monotonicMs() - oldest.takenAtMs,
      pinnedBytes: store.versions.pinnedBytes,
    },
    backgroundThreadCount: store.backgroundThreadCount,
    openHandleCount: store.handles.count,
    recovery: { ...store.recovery },
  };
}

function keyspaceStatistics(
  tree: KeyspaceTree,
  targets: readonly (number | null)[],
): KeyspaceStatistics {
  const tables = tree.levels.flatMap((level) => level.tables);
  const { name, keyEncoding, valueEncoding, compression } = tree.metadata;
  return {
    name,
    keyEncoding,
    valueEncoding,
    compression,
    sizeBytes: sum(tables, (table) => table.sizeBytes),
    entryCount: sum(tables, (table) => table.entryCount),
    rawBytes: sum(tables, (table) => table.rawKeyBytes + table.rawValueBytes),
    levels: tree.levels.map((level, index) => ({
      level: index,
      tableCount: level.tables.length,
      sizeBytes: level.sizeBytes,
      entryCount: sum(level.tables, (table) => table.entryCount),
      tombstoneCount: sum(level.tables, (table) => table.tombstoneCount),
      runCount: level.runCount,
      tables: level.tables.map(({ fileNumber, sizeBytes, entryCount, tombstoneCount }) => ({
        fileNumber,
        sizeBytes,
        entryCount,
        tombstoneCount,
      })),
      targetBytes: targets[index] ?? null,
    })),
  };
}

function sum<T>(items: readonly T[], size: (item: T) => number): number {
  return items.reduce((total, item) => total + size(item), 0);
}
