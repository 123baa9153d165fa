// FailEvery: each call that the canonical workload makes fails in each way that such a call can fail, once or from then on
// (§2.4 of the reliability contract; rows I1 to I8; bar B3). Reads go on meanwhile and must be right or refused. Then the
// fault goes away; what the process and what the machine would leave is opened and compared.
//
// ext4-data tells of a lost write only at the next sync: what was acknowledged in between may be gone after a power loss
// (§6), so there only the death of the process is tried.

import { createRandom, initializeChecksums } from '@varve/base';
import {
  type CrashModel,
  type Errno,
  type FaultEffect,
  type FaultRule,
  FaultyFileSystem,
  type FileCall,
  MemoryFileSystem,
  type SyncFailureModel,
} from '@varve/vfs';
import { StrictFileSystem } from '../strict/strict-file-system.js';
import { accountFor } from './accounting.js';
import { BatchLog, refutePresence } from './batch-log.js';
import { type DriverOptions, type DriverReport, Findings } from './driver.js';
import { checkImage, errorText } from './image-check.js';
import { ObservedCalls } from './observed-calls.js';
import { StepWorld } from './step-world.js';
import { runWorkload, type WorkloadContext } from './workload.js';

/** One way for one call to fail. */
interface Fault {
  readonly text: string;
  readonly rule: FaultRule;
  readonly syncModel: SyncModel;
}

/** What becomes of the pages of a file whose sync fails: dropped at once, or kept as if they were clean. */
interface SyncModel {
  readonly model: SyncFailureModel;
  readonly pages: 'kept' | 'dropped';
}

const QUICK_PLACE_COUNT = 8;
/** Steps after which a lasting fault goes away by itself: what is tried again and again must be able to end. */
const HEAL_STEP_COUNT = 5_000;
const USUAL_SYNC_MODEL: SyncModel = { model: 'xfs', pages: 'kept' };
/** With pages dropped, xfs and ext4-data look as btrfs does. */
const SYNC_MODELS: readonly SyncModel[] = [
  { model: 'ext4-ordered', pages: 'kept' },
  { model: 'ext4-ordered', pages: 'dropped' },
  { model: 'xfs', pages: 'kept' },
  { model: 'ext4-data', pages: 'kept' },
  { model: 'btrfs', pages: 'dropped' },
];
const GROWING: readonly string[] = [
  ...['create', 'write', 'syncData', 'truncate'],
  ...['makeDirectory', 'rename', 'syncDirectory', 'lock'],
];
const OPENING: readonly string[] = ['open', 'create', 'list', 'lock', 'syncDirectory'];

/** See the head of this file. */
export async function failEvery(options: DriverOptions): Promise<DriverReport> {
  await initializeChecksums();
  const findings = new Findings('fail-every', options);
  const calls = await recordCalls(options);
  for (const place of findings.places({ count: calls.length, quickCount: QUICK_PLACE_COUNT })) {
    for (const fault of faultsOf(calls, place)) {
      if (findings.isFull) return findings.report;
      findings.checkedCount++;
      const problem = await runWithFault(options, fault, findings);
      if (problem === null) continue;
      const { operation, path } = calls[place]!;
      const title = `call ${place} (${operation} ${path})  fault: ${fault.text}`;
      findings.violate(place, { title, lines: problem });
    }
    findings.progress(place / calls.length);
  }
  return findings.report;
}

async function recordCalls({ seed, wrap = (inner) => inner }: DriverOptions): Promise<FileCall[]> {
  const world = new StepWorld();
  const files = new MemoryFileSystem({ scheduler: world });
  const calls: FileCall[] = [];
  const observed = new ObservedCalls(files, (call) => calls.push(call));
  const fileSystem = new StrictFileSystem(wrap(observed));
  const log = new BatchLog(seed);
  await world.settle(runWorkload({ fileSystem, world, log, shape: 'usual' }));
  return calls;
}

/** Every way in which a call can fail, once and lastingly. */
function faultsOf(calls: readonly FileCall[], place: number): Fault[] {
  const { operation, length = 0 } = calls[place]!;
  const countOf = (wanted: (call: FileCall) => boolean): number =>
    calls.slice(0, place + 1).filter(wanted).length;
  const faults = (
    text: string,
    rule: Pick<FaultRule, 'effect' | 'nth'>,
    syncModel: SyncModel = USUAL_SYNC_MODEL,
  ): Fault[] =>
    (['once', 'sticky'] as const).map((duration) => ({
      text: `${text}, ${duration}`,
      rule: { ...rule, duration },
      syncModel,
    }));
  const errors = errnosOf(operation).flatMap((errno) =>
    faults(errno, { nth: place + 1, effect: { kind: 'error', errno } }),
  );
  if (operation === 'syncData') {
    const nth = countOf((call) => call.operation === 'syncData');
    const syncFaults = SYNC_MODELS.flatMap((syncModel) => {
      const isLate = syncModel.model === 'ext4-data';
      const effect: FaultEffect = isLate
        ? { kind: 'lateSyncError' }
        : { kind: 'error', errno: 'EIO' };
      const text = `EIO as ${syncModel.model}, pages ${syncModel.pages}`;
      return faults(text, { nth: isLate ? nth : place + 1, effect }, syncModel);
    });
    return [...errors, ...syncFaults];
  }
  if (operation !== 'read' && operation !== 'write') return errors;
  const nth = countOf((call) => call.operation === 'read' || call.operation === 'write');
  const effect: FaultEffect = { kind: 'short', sizeBytes: length >> 1 };
  return [...errors, ...faults('short', { nth, effect })];
}

function errnosOf(operation: FileCall['operation']): Errno[] {
  return [
    ...(operation === 'syncData' ? [] : (['EIO'] as const)),
    ...(GROWING.includes(operation) ? (['ENOSPC'] as const) : []),
    ...(OPENING.includes(operation) ? (['EMFILE'] as const) : []),
  ];
}

/** Runs the workload with the fault; gives what was wrong, or null. */
async function runWithFault(
  { seed, wrap = (inner) => inner, model }: DriverOptions,
  { rule, syncModel }: Fault,
  findings: Findings,
): Promise<string[] | null> {
  const world = new StepWorld();
  const files = new MemoryFileSystem({ scheduler: world });
  const onSyncFailure = (path: string): void => {
    files.failSync(path, syncModel.model);
    if (syncModel.pages === 'dropped') files.evictCache();
    if (path.endsWith('.log')) log.doubtUnsynced();
  };
  const log = new BatchLog(seed);
  const faulty = new FaultyFileSystem(files, { rules: [rule], onSyncFailure });
  const told: unknown[] = [];
  healLater(world, faulty);
  const fileSystem = new StrictFileSystem(wrap(faulty));
  const context: WorkloadContext = {
    ...{ fileSystem, world, log, shape: 'usual' },
    onError: (error) => told.push(error),
    injected: () => faulty.injected,
  };
  const lines = (fault: string): string[] => [
    fault,
    `faults: ${faulty.injected.length}, told as: ${told.slice(0, 3).map(errorText).join('; ') || 'nothing'}`,
  ];
  try {
    await world.settle(runWorkload(context));
    fileSystem.assertFaultless();
  } catch (error) {
    return lines(`the workload did not go on: ${errorText(error)}`);
  }
  const unaccounted = accountFor(faulty.injected, told, (rule) =>
    findings.note(`passed over: ${rule}`),
  );
  if (unaccounted !== null) return lines(unaccounted);
  faulty.clearRules();
  const isLate = syncModel.model === 'ext4-data';
  const models: CrashModel[] = isLate ? ['kill'] : ['kill', 'drop', 'posix'];
  for (const one of models) {
    if (model !== undefined && model !== one) continue;
    const take = (fresh: StepWorld) => files.crash(one, createRandom(seed), fresh);
    const { present, fault } = await checkImage(take, { log });
    const bounds = log.bounds(one === 'kill' ? 'process' : 'machine');
    const problem = fault ?? refutePresence(present, bounds);
    if (problem !== null) return lines(`${one}: ${problem}`);
  }
  const left = files.openPaths();
  return left.length === 0 ? null : lines(`left open: ${left.join(', ')}`);
}

function healLater(world: StepWorld, faulty: FaultyFileSystem): void {
  let stepCount = 0;
  world.onQuiet = () => {
    if (++stepCount === HEAL_STEP_COUNT) faulty.clearRules();
    return undefined;
  };
}
