// The canonical workload: everything that changes files happens at least once, in as few calls as possible.
//
//   create the database · write in every form, alone and in groups · fill a memtable, so that the log is replaced and a
//   flush begins by itself · flush · merge level 0 into 1, and 1 into 2 · close · open again, which replays the log and
//   starts the next manifest · write · merge everything · close
//
// A file system under it may fail: a StorageError of a write makes it rejected, one of anything else is passed over.

import { isStorageError } from '@varve/base';
import { type Database, type DatabaseOptions, open } from '@varve/engine';
import type { FileSystem, InjectedFault } from '@varve/vfs';
import { OrderError, type StrictFileSystem } from '../strict/strict-file-system.js';
import { type BatchLog, type IssuedBatch, markerOf } from './batch-log.js';
import { refuteReadError } from './read-errors.js';
import type { StepWorld } from './step-world.js';

/** Where the database of every driver is. */
export const DATABASE_PATH = '/database';

/**
 * `'usual'`: reaches level 2. `'small'`: a database of a few KiB with a table, for changing it bit by bit. `'deep'`: one of 64 KiB
 * and more with tables in three levels, for changing it byte by byte.
 */
export type WorkloadShape = 'usual' | 'small' | 'deep';

/** What a workload runs on, and what it notes down. */
export interface WorkloadContext {
  readonly fileSystem: StrictFileSystem;
  readonly world: StepWorld;
  readonly log: BatchLog;
  readonly shape: WorkloadShape;
  /** Is told of every StorageError that the engine threw, and of every error of background work. */
  readonly onError?: (error: Error) => void;
  /** What was made to fail so far: without it a read must not fail. */
  readonly injected?: () => readonly InjectedFault[];
}

/** A phase of the workload: how many batches, of which size, and what comes after. */
interface Phase {
  readonly batchCount: number;
  readonly valueSizeBytes: number;
  readonly ending: 'nothing' | 'flush' | 'settle' | 'compact' | 'reopen';
}

const KIB = 1024;

const PHASES: Readonly<Record<WorkloadShape, readonly Phase[]>> = {
  usual: [
    { batchCount: 4, valueSizeBytes: 300, ending: 'nothing' },
    { batchCount: 13, valueSizeBytes: 2_000, ending: 'settle' },
    { batchCount: 6, valueSizeBytes: 1_500, ending: 'flush' },
    { batchCount: 10, valueSizeBytes: 2_000, ending: 'settle' },
    { batchCount: 4, valueSizeBytes: 100, ending: 'reopen' },
    { batchCount: 6, valueSizeBytes: 1_500, ending: 'flush' },
    { batchCount: 10, valueSizeBytes: 2_000, ending: 'settle' },
    { batchCount: 4, valueSizeBytes: 300, ending: 'compact' },
    { batchCount: 3, valueSizeBytes: 100, ending: 'nothing' },
  ],
  small: [
    { batchCount: 6, valueSizeBytes: 200, ending: 'flush' },
    { batchCount: 6, valueSizeBytes: 100, ending: 'compact' },
    { batchCount: 4, valueSizeBytes: 100, ending: 'flush' },
    { batchCount: 4, valueSizeBytes: 50, ending: 'nothing' },
  ],
  deep: [
    { batchCount: 40, valueSizeBytes: 1_800, ending: 'compact' },
    { batchCount: 4, valueSizeBytes: 200, ending: 'flush' },
    { batchCount: 4, valueSizeBytes: 200, ending: 'flush' },
    { batchCount: 1, valueSizeBytes: 50, ending: 'settle' },
    { batchCount: 4, valueSizeBytes: 100, ending: 'flush' },
    { batchCount: 4, valueSizeBytes: 50, ending: 'nothing' },
  ],
};

/** Every so many batches the group of three, the synchronous form and the weaker durability have their turn. */
const FORM_STRIDE = 4;
const WEAK_STRIDE = 5;

/** Opens a database with small tables in a world. */
export function openIn(
  world: StepWorld,
  fileSystem: FileSystem,
  options: Pick<DatabaseOptions, 'readOnly'> = {},
): Promise<Database> {
  return open(DATABASE_PATH, {
    fileSystem,
    clock: world,
    backgroundThreads: 0,
    memoryBudgetBytes: 8 * KIB * KIB,
    tuning: {
      memtableSizeBytes: 64 * KIB,
      targetFileSizeBytes: 64 * KIB,
      baseLevelSizeBytes: 64 * KIB,
      levelSizeMultiplier: 2,
      level0CompactionTrigger: 2,
      blockSizeBytes: 1 * KIB,
    },
    ...options,
  });
}

/** Runs it to its end, or until the database cannot be opened. */
export async function runWorkload(context: WorkloadContext): Promise<void> {
  let db = await openOrPass(context);
  for (const phase of PHASES[context.shape]) {
    if (db === null) return;
    await writeBatches(context, db, phase);
    if (phase.ending === 'reopen') {
      await pass(context, db.close());
      db = await openOrPass(context);
    } else if (phase.ending !== 'nothing') {
      await pass(context, db[phase.ending]());
    }
  }
  if (db !== null) await pass(context, db.close());
}

/** Issues a batch and writes it in the form that its number says; resolves when its standing is known. */
export async function writeBatch(
  context: WorkloadContext,
  db: Database,
  valueSizeBytes: number,
): Promise<void> {
  const batch = context.log.issue(valueSizeBytes);
  const durability = batch.index % WEAK_STRIDE === WEAK_STRIDE - 1 ? 'os' : 'always';
  const isSync = batch.index % FORM_STRIDE === 2;
  const write = (): Promise<void> | void =>
    isSync ? db.batchSync(batch.entries, { durability }) : db.batch(batch.entries, { durability });
  try {
    await write();
    batch.standing = durability === 'always' ? 'durable' : 'acknowledged';
  } catch (error) {
    reject(context, batch, error);
  }
  if (batch.standing !== 'durable') return;
  const fault = context.fileSystem.refuteDurable(markerOf(batch.index));
  if (fault !== null) throw new OrderError(`batch ${batch.index} is acknowledged, but ${fault}`);
}

/** What the database answered although it must not. */
export class WrongAnswerError extends Error {}

/** Asks for a marker that was acknowledged, which must be there unless the files cannot be read. */
async function probe(context: WorkloadContext, db: Database): Promise<void> {
  const index = context.log.acknowledgedIndex();
  if (index === undefined) return;
  const value = await db.get(markerOf(index)).catch((error) => excuseRead(context, error));
  if (value === String(index)) return;
  throw new WrongAnswerError(`a read of acknowledged batch ${index} gave ${String(value)}`);
}

/** Throws the error of a read: as it is if a table failed it, as a wrong answer otherwise. */
function excuseRead({ injected = () => [] }: WorkloadContext, error: unknown): never {
  const fault = refuteReadError(error, injected());
  if (fault === null) throw error;
  throw new WrongAnswerError(fault, { cause: error });
}

async function writeBatches(
  context: WorkloadContext,
  db: Database,
  { batchCount, valueSizeBytes }: Phase,
): Promise<void> {
  const pending: Promise<void>[] = [];
  for (let count = 0; count < batchCount; count++) {
    pending.push(writeBatch(context, db, valueSizeBytes));
    if (count % FORM_STRIDE === 0) continue;
    await Promise.all(pending.splice(0));
    await pass(context, probe(context, db));
  }
  await Promise.all(pending);
}

function reject({ onError }: WorkloadContext, batch: IssuedBatch, error: unknown): void {
  batch.standing = 'doubtful';
  if (!isStorageError(error)) throw error;
  onError?.(error);
}

async function openOrPass(context: WorkloadContext): Promise<Database | null> {
  const db = await pass(context, openIn(context.world, context.fileSystem));
  if (db === undefined) return null;
  const { onError } = context;
  if (onError !== undefined) {
    db.events.on('backgroundError', ({ error }) => onError(error));
    db.events.on('state', ({ error }) => error !== null && onError(error));
  }
  return db;
}

/** Waits for something; a StorageError is told and passed over. */
async function pass<T>({ onError }: WorkloadContext, promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (!isStorageError(error) || onError === undefined) throw error;
    onError(error);
    return undefined;
  }
}
