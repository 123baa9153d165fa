// What a client does in one operation, and what it makes of the answer.

import type { Snapshot } from '@varve/engine';
import { makeValue } from '../model-test/keys.js';
import type { TextEntry, TextRange } from '../model-test/model.js';
import { clear } from './clear-steps.js';
import { refuteError, refuteFailedRead } from './error-rules.js';
import { type Batch, firstOddEntry, markerOf, RESERVED_KEY } from './history.js';
import type { Operation, OperationOf, ScanRange } from './operation.js';
import { untilResumed } from './resumption.js';
import type { RunContext } from './run-context.js';

/** Tells whether the process that an operation was begun in is still there. */
type IsCurrent = () => boolean;

/** Carries out an operation; a promise is given for what remains to be waited for. */
export function carryOut(
  run: RunContext,
  operation: Operation,
  isCurrent: IsCurrent,
): Promise<void> | undefined {
  switch (operation.kind) {
    case 'write':
      return write(run, operation, isCurrent);
    case 'get':
    case 'getMany':
      return read(run, operation, isCurrent);
    case 'scan':
      return scan(run, operation, isCurrent);
    case 'openSnapshot':
      return openSnapshot(run, operation);
    case 'readSnapshot':
      return readSnapshot(run, operation, isCurrent);
    case 'closeSnapshot':
      return closeSnapshot(run, operation);
    case 'flush':
    case 'settle':
    case 'compact':
      return maintain(run, operation, isCurrent);
    case 'clear':
      return clear(run, operation, isCurrent);
    default:
      return changeWorld(run, operation, isCurrent);
  }
}

function write(
  run: RunContext,
  operation: OperationOf<'write'>,
  isCurrent: IsCurrent,
): Promise<void> | undefined {
  const { history, machine, store } = run;
  const index = history.lastIndex + 1;
  const entries = operation.entries.map(({ key, sizeBytes }, place) => ({
    key: run.keyOf(key),
    value: sizeBytes === null ? undefined : makeValue(index, place, sizeBytes),
  }));
  const durability = operation.durability ?? run.durability;
  const batch = history.issue(entries, durability);
  machine.logWatch.expect(batch);
  const acknowledged = (): void => {
    if (!isCurrent()) return;
    run.violate(machine.logWatch.acknowledged(batch));
    history.acknowledge(batch);
    run.points.noteAcknowledged();
  };
  const rejected = (error: unknown): void => {
    if (isCurrent()) reject(run, batch, error);
  };
  const options = operation.durability === null ? {} : { durability };
  if (operation.form === 'async') {
    const done =
      entries.length === 0
        ? store.database.put(RESERVED_KEY, markerOf(index), options)
        : store.batch(batch.entries, options);
    return done.then(acknowledged, rejected);
  }
  try {
    if (entries.length === 0) store.database.putSync(RESERVED_KEY, markerOf(index), options);
    else store.batchSync(batch.entries, options);
  } catch (error) {
    rejected(error);
    return undefined;
  }
  acknowledged();
  return undefined;
}

function reject(run: RunContext, batch: Batch, error: unknown): void {
  run.machine.logWatch.rejected(batch);
  run.violate(refuteError(run, error));
  run.violate(run.history.reject(batch));
}

function read(
  run: RunContext,
  operation: OperationOf<'get' | 'getMany'>,
  isCurrent: IsCurrent,
): Promise<void> | undefined {
  const { store } = run;
  const numbers = operation.kind === 'get' ? [operation.key] : operation.keys;
  const keys = numbers.map(run.keyOf);
  const floor = run.history.visibleIndex;
  const check = (values: readonly (string | undefined)[]): void => {
    if (!isCurrent()) return;
    for (const [place, key] of keys.entries()) {
      checkShown(run, () => run.history.refuteValue(key, values[place], floor));
    }
  };
  const failed = (error: unknown): void => {
    if (isCurrent()) run.violate(refuteFailedRead(run, error));
  };
  if (operation.kind === 'getMany') return store.getMany(keys).then(check, failed);
  const [key] = keys;
  if (operation.form === 'async') return store.get(key!).then((value) => check([value]), failed);
  try {
    check([store.getSync(key!)]);
  } catch (error) {
    failed(error);
  }
  return undefined;
}

/** What a read shows must be allowed, and durable if it was asked to be. */
function checkShown(run: RunContext, refute: () => string | null): void {
  const { history, machine } = run;
  const before = history.visibleIndex;
  run.violate(refute());
  if (history.visibleIndex > before) run.violate(machine.logWatch.shown(history.visibleIndex));
}

function scan(
  run: RunContext,
  operation: OperationOf<'scan'>,
  isCurrent: IsCurrent,
): Promise<void> | undefined {
  const range = textRange(run, operation.range);
  const floor = run.history.visibleIndex;
  const check = (entries: readonly TextEntry[]): void => {
    if (isCurrent()) checkShown(run, () => run.history.refuteScan(entries, range, floor));
  };
  const failed = (error: unknown): void => {
    if (isCurrent()) run.violate(refuteFailedRead(run, error));
  };
  if (operation.form === 'async') return run.store.entries(range).then(check, failed);
  let entries: TextEntry[];
  try {
    entries = run.store.entriesSync(range);
  } catch (error) {
    failed(error);
    return undefined;
  }
  check(entries);
  return undefined;
}

function openSnapshot(run: RunContext, { client: number }: Operation): undefined {
  closeSnapshot(run, { client: number });
  const { store, history } = run;
  const floor = history.visibleIndex;
  const snapshot = store.database.snapshot();
  const marker = markerIn(run, snapshot);
  if (marker === null) return;
  const index = history.indexOf(marker);
  if (index === undefined || index < floor || index > history.lastIndex) {
    run.violate(
      `a snapshot shows batch ${index} as the last one, not one of ${floor} to ${history.lastIndex}`,
    );
    return;
  }
  checkShown(run, () => {
    history.noteShown(index);
    return null;
  });
  run.client(number).snapshot = { snapshot, index };
}

/** The reserved key in a snapshot; null if it cannot be read, and the snapshot is closed. */
function markerIn(run: RunContext, snapshot: Snapshot): string | undefined | null {
  try {
    return run.store.getSync(RESERVED_KEY, { snapshot });
  } catch (error) {
    run.violate(refuteFailedRead(run, error));
    snapshot.close();
    return null;
  }
}

function readSnapshot(
  run: RunContext,
  operation: OperationOf<'readSnapshot'>,
  isCurrent: IsCurrent,
): Promise<void> | undefined {
  const open = run.client(operation.client).snapshot;
  if (open === null) return undefined;
  const { snapshot, index } = open;
  const { store, history } = run;
  const keys = operation.keys.map(run.keyOf);
  const range = textRange(run, operation.range);
  const check = (values: (string | undefined)[], entries: TextEntry[]): void => {
    if (!isCurrent()) return;
    const wanted = keys.map((key) => history.valueAt(key, index));
    const odd =
      firstOddEntry(history.entriesAt(index, range), entries) ??
      firstOddEntry(pairs(keys, wanted), pairs(keys, values));
    if (odd !== null) run.violate(`a snapshot after batch ${index} shows: ${odd}`);
  };
  const reading = Promise.all([
    store.getMany(keys, { snapshot }),
    store.entries(range, { snapshot }),
  ]);
  return reading.then(
    ([values, entries]) => check(values, entries),
    (error: unknown) => {
      if (isCurrent()) run.violate(refuteFailedRead(run, error));
    },
  );
}

function pairs(keys: readonly string[], values: readonly (string | undefined)[]): TextEntry[] {
  return keys.map((key, place) => [key, values[place] ?? '(nothing)'] as const);
}

function closeSnapshot(run: RunContext, { client: number }: Pick<Operation, 'client'>): undefined {
  const client = run.client(number);
  client.snapshot?.snapshot.close();
  client.snapshot = null;
}

function maintain(
  run: RunContext,
  operation: OperationOf<'flush' | 'settle' | 'compact'>,
  isCurrent: IsCurrent,
): Promise<void> {
  const { store, history } = run;
  const { lastIndex } = history;
  const done = (): void => {
    if (isCurrent() && operation.kind !== 'settle') history.noteFlushed(lastIndex);
  };
  const failed = (error: unknown): void => {
    if (isCurrent()) run.violate(refuteError(run, error));
  };
  return begin().then(done, failed);

  function begin(): Promise<void> {
    if (operation.kind !== 'compact') return store.database[operation.kind]();
    const { gte, lte } = operation;
    return store.compact({
      ...(gte !== undefined && { gte: run.keyOf(gte) }),
      ...(lte !== undefined && { lte: run.keyOf(lte) }),
    });
  }
}

type WorldOperation = OperationOf<
  'pause' | 'jump' | 'reopen' | 'crash' | 'fault' | 'space' | 'heal'
>;

/** What is not an operation of the database. */
function changeWorld(
  run: RunContext,
  operation: WorldOperation,
  isCurrent: IsCurrent,
): Promise<void> | undefined {
  switch (operation.kind) {
    case 'pause':
      return new Promise((resolve) => run.scheduler.delay(operation.ms, resolve));
    case 'jump':
      run.scheduler.advance(operation.ms);
      return undefined;
    case 'reopen':
      run.requestReopen(operation);
      return undefined;
    case 'crash':
      run.requestCrash(operation);
      return undefined;
    case 'fault':
      run.noteFault();
      run.machine.addFault(operation);
      return undefined;
    case 'space':
      run.noteFault();
      run.machine.setFreeSpace(operation.freeBytes);
      return undefined;
    case 'heal':
      run.machine.heal();
      return untilResumed(run, {
        attempt: () => attemptWrite(run, operation, isCurrent),
        isCurrent,
      });
  }
}

/** Writes something small, and tells what came of it. */
async function attemptWrite(
  run: RunContext,
  { id, client }: Operation,
  isCurrent: IsCurrent,
): Promise<'acknowledged' | 'rejected'> {
  const index = run.history.lastIndex + 1;
  const body = { kind: 'write', entries: [], form: 'async', durability: null } as const;
  await write(run, { id, client, ...body }, isCurrent);
  const standing = run.history.batchAt(index)?.standing;
  return standing === 'acknowledged' || standing === 'durable' ? 'acknowledged' : 'rejected';
}

function textRange(run: RunContext, { gte, lt, reverse, limit }: ScanRange): TextRange {
  return {
    ...(gte !== undefined && { gte: run.keyOf(gte) }),
    ...(lt !== undefined && { lt: run.keyOf(lt) }),
    ...(reverse !== undefined && { reverse }),
    ...(limit !== undefined && { limit }),
  };
}
