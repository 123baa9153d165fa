/**
 * Flush: one frozen memtable becomes tables of level 0, one or more per keyspace.
 *
 * The job is plain data: the memtable is shared memory, so a worker thread reads it where it lies. Versions that no
 * snapshot can see are left out; tombstones are kept, because older tables may hold what they hide.
 */
import { equalBytes } from '@varve/base';
import type { TableWriterOptions } from '@varve/sstable';
import type { FileSystem } from '@varve/vfs';
import { Memtable, type MemtableImage } from '../memtable/index.js';
import {
  DROP,
  DropRules,
  ENTRIES_PER_BEAT,
  type JobProgress,
  type TableOutput,
  type TableOutputOptions,
  TableOutputs,
} from '../tables/index.js';

export interface FlushJob {
  readonly kind: 'flush';
  readonly memtable: MemtableImage;
  /** Keyspaces to write, with how their tables are made. Entries of others (dropped ones) are left out. */
  readonly keyspaces: readonly { readonly id: number; readonly writer: TableWriterOptions }[];
  /** Sequences of the open snapshots, ascending. */
  readonly snapshots: readonly number[];
  readonly output: TableOutputOptions;
}

export interface FlushedTable {
  readonly keyspaceId: number;
  readonly table: TableOutput;
}

export interface FlushResult {
  readonly kind: 'flush';
  readonly tables: readonly FlushedTable[];
  readonly droppedEntryCount: number;
}

/** Writes the tables, synced, and gives them. On failure removes them and throws. */
export function runFlushJob(
  fileSystem: FileSystem,
  job: FlushJob,
  progress: JobProgress,
): FlushResult {
  const memtable = Memtable.fromImage(job.memtable);
  const outputs = new TableOutputs(fileSystem, job.output);
  const tables: FlushedTable[] = [];
  let droppedEntryCount = 0;
  try {
    for (const keyspace of job.keyspaces) {
      outputs.configure(keyspace.writer);
      droppedEntryCount += flushKeyspace(memtable, keyspace.id, {
        snapshots: job.snapshots,
        outputs,
        progress,
      });
      outputs.cut();
      for (const table of outputs.takeFinished()) {
        tables.push({ keyspaceId: keyspace.id, table });
      }
    }
    outputs.finish();
  } catch (error) {
    outputs.abandon();
    throw error;
  }
  return { kind: 'flush', tables, droppedEntryCount };
}

interface FlushTarget {
  readonly snapshots: readonly number[];
  readonly outputs: TableOutputs;
  readonly progress: JobProgress;
}

/** Gives the number of versions left out. */
function flushKeyspace(memtable: Memtable, keyspaceId: number, target: FlushTarget): number {
  const rules = new DropRules(target.snapshots, 'above');
  const { outputs, progress } = target;
  let droppedEntryCount = 0;
  let entryCount = 0;
  let lastKeyStart = 0;
  let lastKeyEnd = -1;
  const cursor = memtable.versions(keyspaceId);
  for (cursor.first(); cursor.valid; cursor.next()) {
    entryCount += 1;
    if (entryCount % ENTRIES_PER_BEAT === 0) progress.beat();
    const { keyBytes, keyOffset } = cursor;
    const keyEnd = keyOffset + cursor.keyLength;
    if (!equalBytes(keyBytes, keyOffset, keyEnd, keyBytes, lastKeyStart, lastKeyEnd)) {
      rules.startKey();
      if (outputs.currentSizeBytes >= outputs.targetFileSizeBytes) outputs.cut();
    }
    lastKeyStart = keyOffset;
    lastKeyEnd = keyEnd;
    if (rules.judge(cursor.sequence, cursor.kind) === DROP) {
      droppedEntryCount += 1;
      continue;
    }
    outputs.writer.add(
      keyBytes,
      keyOffset,
      keyEnd,
      cursor.valueBytes,
      cursor.valueOffset,
      cursor.valueOffset + cursor.valueLength,
      cursor.sequence,
      cursor.kind,
    );
  }
  return droppedEntryCount;
}
