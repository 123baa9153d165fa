// One run: operations one after the other against the engine and the model, and a full comparison at the end.

import { initializeChecksums } from '@varve/base';
import { clear } from './clear-steps.js';
import { asDifference, type Difference } from './difference.js';
import { DirectoryWorld } from './directory-world.js';
import { checkEverything, checkFiles } from './full-check.js';
import * as handles from './handle-steps.js';
import * as life from './life-steps.js';
import { KeyspaceModel } from './model.js';
import type { Operation } from './operation.js';
import type { Profile } from './profiles.js';
import * as reads from './read-steps.js';
import { recover, restoreCrash, verifyFiles } from './recovery.js';
import { RunState } from './run-state.js';
import { SimulatedWorld } from './simulated-world.js';
import type { World } from './world.js';
import * as writes from './write-steps.js';

/** The first difference of a run, and the operation it showed at; null: in the comparison at the end. */
export interface RunFailure {
  readonly operation: Operation | null;
  readonly difference: Difference;
}

/** Runs the operations in a fresh world. Null: the engine did what the model does. */
export async function runOperations(
  profile: Profile,
  seed: number,
  operations: Iterable<Operation>,
): Promise<RunFailure | null> {
  const world: World =
    profile.world === 'simulated'
      ? new SimulatedWorld(seed)
      : new DirectoryWorld(seed % 2 === 0 ? 1 : 2);
  let current: Operation | null = null;
  let run: RunState | null = null;
  // Compiling them takes real time, of which a simulated world knows nothing.
  await initializeChecksums();
  try {
    run = await world.settle(start(profile, world));
    for (const operation of operations) {
      current = operation;
      await carryOut(run, operation, seed);
    }
    current = null;
    world.begin(seed);
    await world.settle(finish(run, seed));
    await verifyFiles(run);
    world.assertOrder();
    return null;
  } catch (error) {
    if (run !== null) await abandon(run);
    return { operation: current, difference: asDifference(error, current?.kind ?? 'at the end') };
  } finally {
    world.dispose();
  }
}

/** Gives back the threads and files of a database that failed. */
async function abandon(run: RunState): Promise<void> {
  // What it answers is of no interest any more.
  if (!run.world.isSimulated) await run.world.settle(run.database.close()).catch(() => {});
}

async function start(profile: Profile, world: World): Promise<RunState> {
  const run = new RunState(profile, world);
  await life.openDatabase(run, 0);
  const model = new KeyspaceModel(life.nameOf(0));
  run.keyspaces.set(0, await life.openKeyspace(run.database, 0, model));
  run.phase = 'running';
  return run;
}

async function carryOut(run: RunState, operation: Operation, seed: number): Promise<void> {
  run.world.begin(seed ^ Math.imul(operation.id + 1, 0x9e37_79b1));
  const done = begin(run, operation);
  if (done !== undefined) {
    const what = `operation ${operation.id} (${operation.kind})`;
    if (isLater(operation)) run.follow(done, what);
    else await run.world.settle(done);
  }
  await passTime(run, operation);
  while (run.pendingCrash !== null) {
    // What the dead process still does within this turn must not be taken for something that its successor does.
    await run.world.turns(0);
    const crashed = await restoreCrash(run);
    await run.world.settle(recover(run, crashed));
  }
  run.world.assertOrder();
  if (run.laterDifference !== null) throw run.laterDifference;
  const { failure } = run.database;
  if (failure !== null) throw asDifference(failure, 'the database failed');
}

function isLater(operation: Operation): boolean {
  const manner = 'manner' in operation ? operation.manner : operation;
  return 'waiting' in manner && manner.waiting === 'later';
}

/** Begins an operation; a promise is given for what remains to be waited for. */
function begin(run: RunState, operation: Operation): Promise<void> | undefined {
  switch (operation.kind) {
    case 'put':
      return writes.put(run, operation);
    case 'batch':
      return writes.batch(run, operation);
    case 'refused':
      return writes.refused(run, operation);
    case 'clear':
      return clear(run, operation);
    case 'get':
    case 'has':
      return reads.get(run, operation);
    case 'getMany':
    case 'gets':
      return reads.getMany(run, operation);
    case 'scan':
      return reads.scan(run, operation);
    case 'turns':
    case 'advance':
      return undefined;
    case 'catchUp':
      return run.catchUp();
    default:
      return beginOther(run, operation);
  }
}

type OtherOperation = Exclude<
  Operation,
  {
    readonly kind:
      | ('put' | 'batch' | 'refused' | 'clear' | 'get' | 'has' | 'getMany' | 'gets' | 'scan')
      | ('turns' | 'advance' | 'catchUp');
  }
>;

function beginOther(run: RunState, operation: OtherOperation): Promise<void> | undefined {
  switch (operation.kind) {
    case 'openIterator':
      return handles.openIterator(run, operation);
    case 'stepIterator':
      return handles.stepIterator(run, operation);
    case 'closeIterator':
      return handles.closeIterator(run, operation);
    case 'openCursor':
      return handles.openCursor(run, operation);
    case 'moveCursor':
      return handles.moveCursor(run, operation);
    case 'closeCursor':
      return handles.closeCursor(run, operation);
    case 'openSnapshot':
      return handles.openSnapshot(run, operation);
    case 'closeSnapshot':
      return handles.closeSnapshot(run, operation);
    case 'flush':
      return life.flush(run);
    case 'settle':
      return life.settle(run);
    case 'compact':
      return life.compact(run, operation);
    case 'createKeyspace':
      return life.createKeyspace(run, operation);
    case 'dropKeyspace':
      return life.dropKeyspace(run, operation);
    case 'reopen':
      return life.reopen(run, operation);
    case 'crash':
      return life.crash(run, operation);
    case 'armCrash':
      return life.armCrash(run, operation);
  }
}

const SYNC_INTERVAL_MS = 100;

/** What is not waiting for something, but letting everything else go on. */
async function passTime(run: RunState, operation: Operation): Promise<void> {
  if (operation.kind === 'turns') await run.world.turns(operation.count);
  if (operation.kind !== 'advance') return;
  const { ms } = operation;
  const due = ms >= SYNC_INTERVAL_MS ? run.commits.unsyncedIntervalCommits() : [];
  await run.world.advance(ms);
  if (run.world.isSimulated) for (const commit of due) commit.standing = 'durable';
}

/** Compares everything; again after reopening with other options; and once more after all background work. */
async function finish(run: RunState, seed: number): Promise<void> {
  run.world.arm(Number.POSITIVE_INFINITY, () => {});
  await run.catchUp();
  await checkEverything(run, seed);
  handles.closeHandles(run);
  await run.database.settle();
  await checkFiles(run);
  await life.reopen(run, { variant: run.profile.variants.length - 1 });
  await checkEverything(run, seed + 1);
  await run.database.compact();
  await checkEverything(run, seed + 2);
  await life.reopen(run, { variant: 0 });
  await run.database.settle();
  await checkEverything(run, seed + 3);
  await checkFiles(run);
  await life.close(run);
}
