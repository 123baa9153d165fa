/** Turns decisions into jobs: plain data with everything a background thread needs. */
import { entropy } from '@varve/base';
import type { TableSummary, TableWriterOptions } from '@varve/sstable';
import type { CompactionJob } from './compact/index.js';
import type { FlushJob } from './flush/index.js';
import type { TableMetadata, VersionSet } from './manifest/index.js';
import type { Memtable } from './memtable/index.js';
import type { ResolvedOptions } from './options.js';
import { ownerOf, type TableOutputOptions } from './tables/index.js';
import type { SnapshotList } from './view/index.js';

/** What every job is made from. */
export interface JobContext {
  readonly directory: string;
  readonly databaseId: Uint8Array;
  readonly versions: VersionSet;
  readonly snapshots: SnapshotList;
  readonly options: ResolvedOptions;
}

const TABLE_ID_SIZE_BYTES = 16;
/** Numbers reserved beyond what sizes suggest: outputs are cut early at boundaries, and once per keyspace. */
const SPARE_FILE_NUMBER_COUNT = 4;

/** A table file ends below 4 GiB; this leaves room for the largest value. */
const FLUSHED_TABLE_SIZE_BYTES_MAX = 2 * 1024 * 1024 * 1024;

/**
 * The flush of a whole memtable. `'compressed'` tables, of keyspaces that want it, take a quarter longer to write: not for
 * somebody who waits.
 */
export function flushJobOf(
  context: JobContext,
  memtable: Memtable,
  { blocks }: { readonly blocks: 'compressed' | 'plain' },
): FlushJob {
  const { versions, snapshots } = context;
  const keyspaces = memtable
    .keyspaceIds()
    .flatMap((id) => versions.current.keyspaces.get(id)?.metadata ?? [])
    .map(({ id, compression }) => {
      const codec = blocks === 'compressed' ? compression : 'none';
      return { id, writer: tableWriterOptions(context, id, codec) };
    });
  return {
    kind: 'flush',
    memtable: memtable.image(),
    keyspaces,
    snapshots: snapshots.sequences(),
    output: {
      ...outputOptions(context, {
        inputBytes: memtable.arena.usedBytes,
        extraCount: keyspaces.length,
      }),
      // One table per keyspace, whatever its size: each is a run that reads have to look into.
      targetFileSizeBytes: FLUSHED_TABLE_SIZE_BYTES_MAX,
    },
  };
}

/** What a compaction is to do. */
export interface CompactionTask {
  readonly keyspaceId: number;
  readonly runs: readonly (readonly TableMetadata[])[];
  readonly reach: CompactionJob['reach'];
  readonly boundaries: readonly Uint8Array[];
  readonly codec: 'none' | 'lz4';
}

export function compactionJobOf(context: JobContext, task: CompactionTask): CompactionJob {
  const { keyspaceId, runs, reach, boundaries, codec } = task;
  const inputBytes = runs.flat().reduce((sum, table) => sum + rawSizeBytes(table), 0);
  return {
    kind: 'compact',
    keyspaceId,
    runs,
    reach,
    boundaries,
    snapshots: context.snapshots.sequences(),
    writer: tableWriterOptions(context, keyspaceId, codec),
    output: outputOptions(context, { inputBytes, extraCount: boundaries.length }),
  };
}

/** The manifest's record of a table that a job wrote. */
export function tableMetadataOf(summary: TableSummary): TableMetadata {
  return {
    fileNumber: summary.fileNumber,
    tableId: summary.tableId,
    sizeBytes: summary.sizeBytes,
    entryCount: summary.entryCount,
    tombstoneCount: summary.tombstoneCount,
    smallestKey: summary.smallestKey,
    largestKey: summary.largestKey,
    smallestSequence: summary.smallestSequence,
    largestSequence: summary.largestSequence,
    rawKeyBytes: summary.rawKeyBytes,
    rawValueBytes: summary.rawValueBytes,
    contentHash: summary.contentHash,
  };
}

/** A compressed table may come out uncompressed, so its larger form counts. */
function rawSizeBytes(table: TableMetadata): number {
  return Math.max(table.sizeBytes, table.rawKeyBytes + table.rawValueBytes);
}

function tableWriterOptions(
  { options, versions }: JobContext,
  keyspaceId: number,
  codec: 'none' | 'lz4',
): TableWriterOptions {
  const { blockSizeBytes, filterBitsPerKey } = options.tuning;
  const tree = versions.current.keyspaces.get(keyspaceId);
  // A keyspace that is being dropped has no record any more, and its tables no use.
  if (tree === undefined) return { blockSizeBytes, filterBitsPerKey, codec };
  return { blockSizeBytes, filterBitsPerKey, codec, owner: ownerOf(tree.metadata) };
}

interface OutputEstimate {
  readonly inputBytes: number;
  readonly extraCount: number;
}

function outputOptions(context: JobContext, estimate: OutputEstimate): TableOutputOptions {
  const { directory, databaseId, versions, options } = context;
  const { targetFileSizeBytes } = options.tuning;
  const tableIdBase = new Uint8Array(TABLE_ID_SIZE_BYTES);
  entropy.fill(tableIdBase);
  // Outputs cut at boundaries reach half their target, so twice the quotient is enough.
  const expectedCount = 2 * Math.ceil(estimate.inputBytes / targetFileSizeBytes);
  const fileNumberCount = expectedCount + estimate.extraCount + SPARE_FILE_NUMBER_COUNT;
  return {
    directory,
    databaseId,
    tableIdBase,
    targetFileSizeBytes,
    firstFileNumber: versions.takeFileNumbers(fileNumberCount),
    fileNumberCount,
  };
}
