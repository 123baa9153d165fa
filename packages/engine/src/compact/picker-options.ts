// What steers the picker, with the defaults that LevelDB, RocksDB, Pebble and fjall agree on.

import { MAX_SEQUENCE } from '@varve/base';

/** Everything the picker can be told. */
export interface PickerOptions {
  /**
   * Size at which a job starts the next output table. Smaller: shorter jobs and finer choices, but more
   * open files. Default: 32 MiB.
   */
  readonly targetTableSizeBytes: number;
  /**
   * Sorted runs in level 0 from which on it is compacted. Every read looks into each of them. Larger:
   * less written per byte of data, slower reads. At least 1. Default: 4.
   */
  readonly levelZeroRunTrigger: number;
  /**
   * Target size of the base level, where level 0 goes; from this size on level 0 is compacted as well.
   * A tree whose bottom level is smaller has no level between. Default: 8 times `targetTableSizeBytes`.
   */
  readonly levelBaseSizeBytes: number;
  /**
   * How much larger than the level above a level may become before a level is put between. Larger: less
   * space used by old versions, more written. At least 2. Default: 10.
   */
  readonly levelSizeMultiplier: number;
  /**
   * Input size up to which a merge takes in tables that cost nothing extra. Default: 25 times
   * `targetTableSizeBytes`.
   */
  readonly compactionSizeBytesMax: number;
  /**
   * A table is not moved to where it overlaps more than this in the level below, since its own compaction
   * would be a large one: it is rewritten and cut instead. Default: 10 times `targetTableSizeBytes`.
   */
  readonly deeperOverlapSizeBytesMax: number;
  /**
   * Share of tombstones from which on a table is compacted for their sake, `0 < share <= 1`. Default:
   * 0.5.
   */
  readonly tombstoneShareMin: number;
  /** A table with fewer tombstones is left alone. Default: 100. */
  readonly tombstoneCountMin: number;
  /**
   * Sequence number of the oldest open snapshot: tombstones above it might not be droppable, so no work
   * is spent on them. To be renewed with every call. Default: the highest there is, for no snapshot.
   */
  readonly oldestSnapshotSequence: number;
  /**
   * File numbers of tables that no job may take: merging them has failed. To be renewed with every call.
   * Default: none.
   */
  readonly setAside: ReadonlySet<number>;
}

type NumericOption = Exclude<keyof PickerOptions, 'setAside'>;

const TARGET_TABLE_SIZE_BYTES = 32 * 1024 * 1024;
const LEVEL_BASE_TABLE_COUNT = 8;
const COMPACTION_TABLE_COUNT_MAX = 25;
const DEEPER_OVERLAP_TABLE_COUNT_MAX = 10;

/**
 * Fills in the defaults.
 *
 * @throws RangeError when a value is outside its range.
 */
export function resolvePickerOptions(given: Partial<PickerOptions> = {}): PickerOptions {
  const targetTableSizeBytes = given.targetTableSizeBytes ?? TARGET_TABLE_SIZE_BYTES;
  const options: PickerOptions = {
    targetTableSizeBytes,
    levelZeroRunTrigger: 4,
    levelBaseSizeBytes: LEVEL_BASE_TABLE_COUNT * targetTableSizeBytes,
    levelSizeMultiplier: 10,
    compactionSizeBytesMax: COMPACTION_TABLE_COUNT_MAX * targetTableSizeBytes,
    deeperOverlapSizeBytesMax: DEEPER_OVERLAP_TABLE_COUNT_MAX * targetTableSizeBytes,
    tombstoneShareMin: 0.5,
    tombstoneCountMin: 100,
    oldestSnapshotSequence: MAX_SEQUENCE,
    setAside: new Set(),
    ...given,
  };
  requireRange(options, 'targetTableSizeBytes', 1);
  requireRange(options, 'levelZeroRunTrigger', 1);
  requireRange(options, 'levelBaseSizeBytes', 1);
  requireRange(options, 'levelSizeMultiplier', 2);
  requireRange(options, 'compactionSizeBytesMax', 0);
  requireRange(options, 'deeperOverlapSizeBytesMax', 0);
  requireRange(options, 'tombstoneShareMin', Number.MIN_VALUE, 1);
  requireRange(options, 'tombstoneCountMin', 1);
  requireRange(options, 'oldestSnapshotSequence', 0);
  return options;
}

function requireRange(
  options: PickerOptions,
  name: NumericOption,
  minimum: number,
  maximum = MAX_SEQUENCE,
): void {
  const value = options[name];
  if (value >= minimum && value <= maximum) return;
  throw new RangeError(
    `Cannot resolve picker options: ${name} must be from ${minimum} to ${maximum}: received ${value}`,
  );
}
