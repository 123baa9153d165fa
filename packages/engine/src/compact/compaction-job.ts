/**
 * Compaction: the tables of some runs become the tables of one level.
 *
 *   1. open every input and put a cursor on each run
 *   2. merge; for each user key keep what the drop rules keep
 *   3. cut the output at the target size, or earlier where the next level down is cut (so that a later compaction of
 *      the output overlaps few tables), never between two versions of one user key
 *   4. sync every output, then the directory; the caller publishes them in one version edit
 *
 * A damaged input fails the job: nothing is ever skipped. Outputs of a failed job are removed.
 */
import {
  assert,
  compareBytes,
  compareWhole,
  copyBytes,
  type EntryCursor,
  isStorageError,
  type StorageError,
} from '@varve/base';
import type { TableWriterOptions } from '@varve/sstable';
import { DirectBlockSource, findTableDamage, TableCursor, type TableReader } from '@varve/sstable';
import type { FileSystem } from '@varve/vfs';
import { LevelCursor, MergingCursor } from '../iterators/index.js';
import type { TableMetadata } from '../manifest/index.js';
import {
  DROP,
  DropRules,
  ENTRIES_PER_BEAT,
  type JobProgress,
  KEEP_WITHOUT_SEQUENCE,
  openTableSync,
  SparingFileSystem,
  TableFiles,
  type TableOutput,
  type TableOutputOptions,
  TableOutputs,
} from '../tables/index.js';

export interface CompactionJob {
  readonly kind: 'compact';
  readonly keyspaceId: number;
  /** Sorted runs, newest first; the tables of a run are disjoint and ascending. */
  readonly runs: readonly (readonly TableMetadata[])[];
  /** Whether any level deeper than the output can hold a key of the inputs. */
  readonly reach: 'bottom' | 'above';
  /** Sequences of the open snapshots, ascending. */
  readonly snapshots: readonly number[];
  /** User keys where an output is better cut, ascending. */
  readonly boundaries: readonly Uint8Array[];
  readonly writer: TableWriterOptions;
  readonly output: TableOutputOptions;
}

export interface CompactionResult {
  readonly kind: 'compact';
  readonly tables: readonly TableOutput[];
  readonly readEntryCount: number;
  readonly droppedEntryCount: number;
}

interface MergeCounts {
  readonly readEntryCount: number;
  readonly droppedEntryCount: number;
}

/** An output is cut at a boundary once it has this share of its target size. */
const BOUNDARY_CUT_SHARE = 0.5;

/**
 * Files of inputs that are open at most, or one for each run if that is more: runs are read by turns, so with fewer a file
 * would be opened again for each block. Few merges have more inputs; in those that do, the files of tables that are merged
 * are closed, so that a level of any length takes no more than this from a process that may open few.
 */
const OPEN_INPUT_COUNT_MAX = 16;

/** Writes the merged tables, synced, and gives them. On failure removes them and throws. */
export function runCompactionJob(
  fileSystem: FileSystem,
  job: CompactionJob,
  progress: JobProgress,
): CompactionResult {
  assertJob(job);
  const openCountMax = Math.max(OPEN_INPUT_COUNT_MAX, job.runs.length);
  const files = new TableFiles({ fileSystem, openCountMax });
  const outputs = new TableOutputs(new SparingFileSystem(fileSystem, files), job.output);
  outputs.configure(job.writer);
  const readers: TableReader[] = [];
  try {
    const runs = job.runs.map((run) => openRun(files, job, { run, readers }));
    const counts = new CompactionMerge(job, outputs, progress).run(runs);
    const tables = outputs.finish();
    assertNothingLost(tables, counts);
    return { kind: 'compact', tables, ...counts };
  } catch (error) {
    outputs.abandon();
    throw isStorageError(error) ? error : (damageBehind(readers) ?? error);
  } finally {
    for (const reader of readers) closeQuietly(reader);
  }
}

function assertJob({ runs, snapshots, boundaries, output }: CompactionJob): void {
  assert(runs.length > 0, 'a merge has runs');
  assert(
    runs.every((run) => run.length > 0),
    'every run has tables',
  );
  assert(
    snapshots.every((sequence, index) => index === 0 || snapshots[index - 1] < sequence),
    'snapshots ascend',
  );
  assert(
    boundaries.every((key, index) => index === 0 || compareWhole(boundaries[index - 1], key) < 0),
    'boundaries ascend',
  );
  assert(output.targetFileSizeBytes > 0, 'outputs have a size to be cut at');
}

/** The last moment at which a lost entry can be noticed: afterwards the inputs are removed. */
function assertNothingLost(tables: readonly TableOutput[], counts: MergeCounts): void {
  const { readEntryCount, droppedEntryCount } = counts;
  const writtenEntryCount = tables.reduce((sum, { entryCount }) => sum + entryCount, 0);
  assert(droppedEntryCount <= readEntryCount, 'what is dropped was read');
  assert(
    writtenEntryCount === readEntryCount - droppedEntryCount,
    'what is not dropped is in an output',
  );
}

/**
 * The writer asserts that entries come in order. Where they do not, it may be an input that is not what it should be, with
 * right checksums: looked for only then, since a merge need not pay for it.
 */
function damageBehind(readers: readonly TableReader[]): StorageError | undefined {
  for (const reader of readers) {
    const [damage] = findTableDamage(reader);
    if (damage !== undefined) return damage;
  }
  return undefined;
}

/** A file that was only read has nothing to lose: a failure to close it must neither undo the job nor keep others open. */
function closeQuietly(reader: TableReader): void {
  try {
    reader.close();
  } catch (error) {
    if (!isStorageError(error)) throw error;
  }
}

function tableCountOf({ runs }: CompactionJob): number {
  const tableCount = runs.reduce((sum, run) => sum + run.length, 0);
  assert(tableCount >= runs.length, 'every run has tables');
  return tableCount;
}

interface RunToOpen {
  readonly run: readonly TableMetadata[];
  /** Every reader opened is added, to be closed by the caller. */
  readonly readers: TableReader[];
}

function openRun(files: TableFiles, job: CompactionJob, opening: RunToOpen): EntryCursor {
  const source = new DirectBlockSource();
  const open = (table: TableMetadata): EntryCursor => {
    const reader = openTableSync(files, job.output, table);
    opening.readers.push(reader);
    assert(opening.readers.length <= tableCountOf(job), 'every table is opened once');
    return new TableCursor(reader, source);
  };
  const tables = opening.run;
  assert(tables.length > 0, 'a run has tables');
  if (tables.length === 1) return open(tables[0]!);
  return new LevelCursor({
    runCount: tables.length,
    open: (runIndex) => open(tables[runIndex]!),
    locate: () => 0,
  });
}

/** The merge loop, with what it remembers between entries. */
class CompactionMerge {
  readonly #job: CompactionJob;
  readonly #outputs: TableOutputs;
  readonly #progress: JobProgress;
  readonly #rules: DropRules;
  #lastKey = new Uint8Array(64);
  #lastKeyLength = -1;
  #boundaryIndex = 0;

  constructor(job: CompactionJob, outputs: TableOutputs, progress: JobProgress) {
    this.#job = job;
    this.#outputs = outputs;
    this.#progress = progress;
    this.#rules = new DropRules(job.snapshots, job.reach);
    assert(outputs.targetFileSizeBytes > 0, 'outputs have a size to be cut at');
  }

  run(runs: EntryCursor[]): MergeCounts {
    assert(runs.length === this.#job.runs.length, 'every run has a cursor');
    assert(this.#lastKeyLength < 0, 'a merge runs once');
    const cursor = runs.length === 1 ? runs[0]! : new MergingCursor(runs);
    let readEntryCount = 0;
    let droppedEntryCount = 0;
    for (cursor.first(); cursor.valid; cursor.next()) {
      readEntryCount += 1;
      if (readEntryCount % ENTRIES_PER_BEAT === 0) this.#progress.beat();
      if (!this.#isLastKey(cursor)) this.#startKey(cursor);
      const verdict = this.#rules.judge(cursor.sequence, cursor.kind);
      if (verdict === DROP) droppedEntryCount += 1;
      else this.#add(cursor, verdict === KEEP_WITHOUT_SEQUENCE ? 0 : cursor.sequence);
    }
    return { readEntryCount, droppedEntryCount };
  }

  #add(cursor: EntryCursor, sequence: number): void {
    assert(sequence <= cursor.sequence, 'an entry never becomes newer');
    assert(cursor.keyLength === this.#lastKeyLength, 'an entry is of the key that was started');
    this.#outputs.writer.add(
      cursor.keyBytes,
      cursor.keyOffset,
      cursor.keyOffset + cursor.keyLength,
      cursor.valueBytes,
      cursor.valueOffset,
      cursor.valueOffset + cursor.valueLength,
      sequence,
      cursor.kind,
    );
  }

  #isLastKey(cursor: EntryCursor): boolean {
    const length = this.#lastKeyLength;
    assert(length <= this.#lastKey.length, 'the last key is remembered whole');
    if (cursor.keyLength !== length) return false;
    const bytes = cursor.keyBytes;
    const offset = cursor.keyOffset;
    const last = this.#lastKey;
    assert(offset + length <= bytes.length, 'a key is in its bytes');
    for (let index = length - 1; index >= 0; index--) {
      if (bytes[offset + index] !== last[index]) return false;
    }
    return true;
  }

  #startKey(cursor: EntryCursor): void {
    const start = cursor.keyOffset;
    const end = start + cursor.keyLength;
    assert(start >= 0, 'a key is somewhere');
    assert(end <= cursor.keyBytes.length, 'a key is in its bytes');
    if (this.#lastKey.length < cursor.keyLength)
      this.#lastKey = new Uint8Array(cursor.keyLength * 2);
    copyBytes(cursor.keyBytes, start, end, this.#lastKey, 0);
    this.#lastKeyLength = cursor.keyLength;
    this.#rules.startKey();
    const passedBoundary = this.#passBoundaries(cursor.keyBytes, start, end);
    const size = this.#outputs.currentSizeBytes;
    const target = this.#outputs.targetFileSizeBytes;
    if (size >= target || (passedBoundary && size >= target * BOUNDARY_CUT_SHARE)) {
      this.#outputs.cut();
    }
  }

  /** Whether the key is at or past a boundary that no key before it had reached. */
  #passBoundaries(bytes: Uint8Array, start: number, end: number): boolean {
    const boundaries = this.#job.boundaries;
    const before = this.#boundaryIndex;
    while (this.#boundaryIndex < boundaries.length) {
      const boundary = boundaries[this.#boundaryIndex]!;
      if (compareBytes(bytes, start, end, boundary, 0, boundary.length) < 0) break;
      this.#boundaryIndex += 1;
    }
    assert(this.#boundaryIndex >= before, 'boundaries are passed in one direction');
    assert(
      this.#boundaryIndex <= boundaries.length,
      'no more boundaries are passed than there are',
    );
    return this.#boundaryIndex > before;
  }
}
