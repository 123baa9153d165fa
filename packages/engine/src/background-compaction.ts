/**
 * Chooses compactions and takes over their results. One merge runs at a time; moves and drops are version edits and take
 * none.
 *
 * A merge that fails for good costs nobody a write at once: its tables are set aside, and compaction goes on with the others.
 * Only when level 0 cannot take another table without them are writers refused (`blockage`).
 */
import { assertNever, type StorageError } from '@varve/base';
import type { BackgroundParts } from './background-parts.js';
import {
  type CompactionChoice,
  type CompactionResult,
  compactionEdit,
  culpritsOf,
  inputFileNumbers,
  levelTargets,
  mergeRuns,
  type PickerOptions,
  pendingCompactionBytes,
  pickCompaction,
  pickRange,
  resolvePickerOptions,
  type TableDrop,
  type TableMerge,
  type TableMove,
} from './compact/index.js';
import type { StallReason } from './events.js';
import type { Job } from './executor/index.js';
import { type CompactionTask, compactionJobOf, tableMetadataOf } from './job-makers.js';
import type { KeyspaceTree, TableMetadata } from './manifest/index.js';
import { fileNumbersIn, MergeInputs } from './merge-inputs.js';
import { MergeSpace } from './merge-space.js';
import { SetAsideTables } from './set-aside-tables.js';

type Work = Exclude<CompactionChoice, { readonly type: 'none' }>;

/** A range that somebody wants compacted down to the bottom, and how far that is. */
interface ManualCompaction {
  readonly keyspaceId: number;
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
  level: number;
  /**
   * Jobs the current level may still take. Tables that writers add meanwhile are not part of the request, so there is a
   * bound on what it takes.
   */
  jobsLeft: number;
  /** Told what kept it from being done, or null. */
  readonly onDone: (error: StorageError | null) => void;
}

/** Something to do, for whoever asked for it. */
interface Chosen {
  readonly tree: KeyspaceTree;
  readonly work: Work;
  readonly request?: ManualCompaction;
}

/** What a job is made by, and what becomes of it. */
export interface MergeSubmission {
  readonly makeJob: () => Job;
  /** The job of an attempt runs no more, whatever came of it. */
  readonly attemptEnded: () => void;
  /** Ends it if there is nothing left to make another attempt at, and tells whether it did. */
  readonly endIfMoot: () => boolean;
  readonly take: (result: CompactionResult, durationMs: number) => void;
  /** It has failed for good. */
  readonly giveUp: (error: StorageError) => void;
  /** Why another attempt would fail as the last one did, of this; null if it may not. */
  readonly obstacleAfter: (error: Error) => StorageError | null;
}

const BOTTOM_SCORE = 1;

export class BackgroundCompaction {
  readonly #parts: BackgroundParts;
  readonly #submit: (submission: MergeSubmission) => void;
  readonly #pickerOptions: PickerOptions;
  /** File numbers of the inputs of the running merge. */
  readonly #busy = new Set<number>();
  readonly #manual: ManualCompaction[] = [];
  readonly #setAside: SetAsideTables;
  #blockage: StorageError | null = null;

  /** `onDue` is called when there may be something to do without anything having happened. */
  constructor(
    parts: BackgroundParts,
    { submit, onDue }: { submit: (submission: MergeSubmission) => void; onDue: () => void },
  ) {
    this.#parts = parts;
    this.#submit = submit;
    this.#setAside = new SetAsideTables(parts.clock, onDue);
    const { tuning } = parts.options;
    this.#pickerOptions = resolvePickerOptions({
      targetTableSizeBytes: tuning.targetFileSizeBytes,
      levelZeroRunTrigger: tuning.level0CompactionTrigger,
      levelBaseSizeBytes: tuning.baseLevelSizeBytes,
      levelSizeMultiplier: tuning.levelSizeMultiplier,
    });
  }

  /** Whether a merge runs or is due. */
  get isBusy(): boolean {
    return this.#manual.length > 0 || this.#isAtWork;
  }

  get #isAtWork(): boolean {
    return this.#busy.size > 0 || this.#choose() !== null;
  }

  /** What compaction holds against replacing a full memtable. */
  get stallReason(): StallReason | null {
    for (const tree of this.#trees()) {
      const reason = this.#stallReasonOf(tree);
      if (reason !== null) return reason;
    }
    return null;
  }

  /** What keeps writers out until a merge succeeds that was given up; null when nothing does. As of `considerBlockage`. */
  get blockage(): StorageError | null {
    return this.#blockage;
  }

  /** Finds out what keeps writers out. While that is tried again, it still does. */
  considerBlockage(): void {
    const error = this.#failureUnderStall();
    if (error === null) this.#blockage = null;
    else if (this.#blockage === null && !this.#isAtWork) this.#blockage = error;
  }

  /** Nothing is tried again. */
  stop(): void {
    this.#setAside.cancelAll();
  }

  /** Does every move that is due and starts one merge, unless one runs. */
  consider(): void {
    while (this.#busy.size === 0) {
      const urgent = this.#isLevelZeroUrgent() ? this.#choose() : null;
      const chosen = urgent ?? this.#chooseManual() ?? this.#choose();
      if (chosen === null) return;
      this.#carryOut(chosen);
    }
  }

  /**
   * Compacts a key range of a keyspace, level by level, down to the bottom, with tables that are set aside; then calls
   * `onDone`.
   */
  addManual(request: {
    readonly keyspaceId: number;
    readonly smallest: Uint8Array;
    readonly largest: Uint8Array;
    readonly onDone: (error: StorageError | null) => void;
  }): void {
    const jobsLeft = this.#jobBound(request.keyspaceId, 0);
    this.#manual.push({ ...request, level: 0, jobsLeft });
  }

  /** Target sizes by level; null where a level is not in use. */
  targetsOf(tree: KeyspaceTree): (number | null)[] {
    const { targetSizeBytes } = levelTargets(tree, this.#pickerOptions);
    return targetSizeBytes.map((size) => (size === 0 ? null : size));
  }

  #trees(): Iterable<KeyspaceTree> {
    return this.#parts.versions.current.keyspaces.values();
  }

  #stallReasonOf(tree: KeyspaceTree): StallReason | null {
    const { level0StopTrigger, pendingCompactionLimitBytes } = this.#parts.options.tuning;
    if (tree.levels[0].runCount >= level0StopTrigger) return 'level0';
    if (tree.levels[0].tables.length === 0) return null;
    const owedBytes = pendingCompactionBytes(tree, this.#pickerOptions);
    return owedBytes >= pendingCompactionLimitBytes ? 'compaction' : null;
  }

  /** Why a keyspace that writers wait for has not been compacted; null when it is being compacted. O(tables). */
  #failureUnderStall(): StorageError | null {
    if (this.#setAside.isEmpty) return null;
    for (const tree of this.#trees()) {
      const error = this.#stallReasonOf(tree) && this.#setAside.errorOf(fileNumbersIn(tree));
      if (error) return error;
    }
    return null;
  }

  #options(): PickerOptions {
    const oldest = this.#parts.snapshots.oldest;
    if (oldest === undefined) return this.#pickerOptions;
    return { ...this.#pickerOptions, oldestSnapshotSequence: oldest.sequence };
  }

  /** The most urgent work of all keyspaces. */
  #choose(): Chosen | null {
    let best: { tree: KeyspaceTree; work: Work; score: number } | null = null;
    const setAside = this.#setAside.fileNumbers;
    for (const tree of this.#trees()) {
      const work = pickCompaction(tree, { ...this.#options(), setAside }, this.#busy);
      if (work.type === 'none') continue;
      const score = work.type === 'drop' ? BOTTOM_SCORE : work.score;
      if (best === null || score > best.score) best = { tree, work, score };
    }
    return best;
  }

  /** A job takes at least one table of its level, so there are never more jobs than tables. */
  #jobBound(keyspaceId: number, level: number): number {
    const tree = this.#parts.versions.current.keyspaces.get(keyspaceId);
    return tree?.levels[level]?.tables.length ?? 0;
  }

  /** Level 0 goes first when it keeps writers from going on soon: a request must not starve them. */
  #isLevelZeroUrgent(): boolean {
    const { level0StopTrigger, level0CompactionTrigger } = this.#parts.options.tuning;
    const urgentRunCount = (level0StopTrigger + level0CompactionTrigger) / 2;
    for (const tree of this.#trees()) if (tree.levels[0].runCount >= urgentRunCount) return true;
    return false;
  }

  #chooseManual(): Chosen | null {
    for (;;) {
      const wanted = this.#manual[0];
      if (wanted === undefined) return null;
      const tree = this.#parts.versions.current.keyspaces.get(wanted.keyspaceId);
      while (tree !== undefined && wanted.level < tree.levels.length) {
        const { level, smallest, largest } = wanted;
        const work = pickRange(tree, this.#options(), {
          level,
          smallest,
          largest,
          busy: this.#busy,
        });
        if (work.type !== 'none' && wanted.jobsLeft > 0) {
          wanted.jobsLeft -= 1;
          return { tree, work, request: wanted };
        }
        wanted.level += 1;
        wanted.jobsLeft = this.#jobBound(wanted.keyspaceId, wanted.level);
      }
      this.#endManual(wanted, null);
    }
  }

  #endManual(request: ManualCompaction, error: StorageError | null): void {
    this.#manual.splice(this.#manual.indexOf(request), 1);
    request.onDone(error);
  }

  #carryOut({ tree, work, request }: Chosen): void {
    switch (work.type) {
      case 'move':
        this.#move(tree, work);
        return;
      case 'drop':
        this.#drop(tree, work);
        return;
      case 'merge':
        this.#merge(tree, work, request);
        return;
      default:
        assertNever(work);
    }
  }

  #move(tree: KeyspaceTree, move: TableMove): void {
    const { id, name } = tree.metadata;
    const { level, outputLevel, reason } = move;
    this.#parts.versions.log(compactionEdit(id, move));
    this.#publish();
    this.#parts.metrics.moveCount += 1;
    this.#parts.events.emit('compaction', {
      kind: 'move',
      keyspace: name,
      reason,
      inputLevel: level,
      outputLevel,
      readBytes: 0,
      writtenBytes: 0,
      durationMs: 0,
    });
  }

  #drop(tree: KeyspaceTree, drop: TableDrop): void {
    const { id, name } = tree.metadata;
    this.#parts.versions.log(compactionEdit(id, drop));
    this.#publish();
    const { level } = drop.inputs[0];
    this.#parts.events.emit('compaction', {
      kind: 'drop',
      keyspace: name,
      reason: drop.reason,
      inputLevel: level,
      outputLevel: level,
      readBytes: 0,
      writtenBytes: 0,
      durationMs: 0,
    });
  }

  #merge(tree: KeyspaceTree, merge: TableMerge, request?: ManualCompaction): void {
    const task = this.#taskOf(tree, merge);
    const fileNumbers = inputFileNumbers(merge);
    for (const fileNumber of fileNumbers) this.#busy.add(fileNumber);
    const { clock, directory, options, versions, obsolete } = this.#parts;
    const { keyspaceId } = task;
    const inputs = new MergeInputs({ versions, obsolete, keyspaceId, fileNumbers });
    const space = new MergeSpace({
      clock,
      fileSystem: options.fileSystem,
      directory,
      inputSizeBytes: sizeOf(merge.inputs.flatMap(({ tables }) => tables)),
    });
    this.#submit({
      obstacleAfter: (error) => space.obstacleAfter(error),
      makeJob: () => {
        const job = compactionJobOf(this.#parts, task);
        inputs.hold();
        return job;
      },
      attemptEnded: () => inputs.letGo(),
      endIfMoot: () => {
        if (inputs.areThere) return false;
        this.#busy.clear();
        return true;
      },
      take: (result, durationMs) => {
        // It may throw and be called again: until it has succeeded, the inputs are not free for another merge.
        this.#takeMerge(tree, merge, { result, durationMs });
        this.#setAside.forget(fileNumbers);
        this.#busy.clear();
      },
      giveUp: (error) => {
        this.#putAside(merge, error);
        this.#busy.clear();
        if (request !== undefined) this.#endManual(request, error);
      },
    });
  }

  #putAside(merge: TableMerge, error: StorageError): void {
    this.#setAside.keepOnly(new Set([...this.#trees()].flatMap(fileNumbersIn)));
    this.#setAside.add(culpritsOf(merge, error), error);
  }

  #taskOf(tree: KeyspaceTree, merge: TableMerge): CompactionTask {
    return {
      keyspaceId: tree.metadata.id,
      runs: mergeRuns(merge),
      reach: merge.dropTombstones ? 'bottom' : 'above',
      boundaries: merge.outputBoundaries,
      codec: tree.metadata.compression,
    };
  }

  #takeMerge(
    tree: KeyspaceTree,
    merge: TableMerge,
    done: { readonly result: CompactionResult; readonly durationMs: number },
  ): void {
    const { versions, metrics, events } = this.#parts;
    const { id: keyspaceId, name } = tree.metadata;
    if (!versions.current.keyspaces.has(keyspaceId)) {
      this.#parts.obsolete.discard(done.result.tables.map(({ fileNumber }) => fileNumber));
      return;
    }
    const outputs = done.result.tables.map(tableMetadataOf);
    versions.log(compactionEdit(keyspaceId, merge, outputs));
    this.#publish();
    const readBytes = sizeOf(merge.inputs.flatMap((input) => input.tables));
    const writtenBytes = sizeOf(outputs);
    const { durationMs } = done;
    metrics.compactionCount += 1;
    metrics.compactionReadBytes += readBytes;
    metrics.compactionWrittenBytes += writtenBytes;
    metrics.compactionMs += durationMs;
    events.emit('compaction', {
      kind: 'merge',
      keyspace: name,
      reason: merge.reason,
      inputLevel: merge.inputs[0].level,
      outputLevel: merge.outputLevel,
      readBytes,
      writtenBytes,
      durationMs,
    });
  }

  #publish(): void {
    const { current, versions, memtables } = this.#parts;
    current.swap(memtables(), versions.current);
  }
}

function sizeOf(tables: readonly TableMetadata[]): number {
  return tables.reduce((sum, table) => sum + table.sizeBytes, 0);
}
