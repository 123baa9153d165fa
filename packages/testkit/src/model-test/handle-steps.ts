// What stays open from one operation to others: snapshots, iterators and cursors. Each shows for ever what it began with.

import { Difference, expectSame, expectText, hasCode } from './difference.js';
import { compareTexts } from './model.js';
import type { CursorMove, OperationOf } from './operation.js';
import { ScanCheck, scanOf } from './read-steps.js';
import type { OpenCursor, OpenIterator, RunState } from './run-state.js';

interface Slotted {
  readonly slot: number;
}

/** Opens a snapshot; one that the slot had is closed. */
export function openSnapshot(run: RunState, { slot }: Slotted): undefined {
  run.snapshots.get(slot)?.snapshot.close();
  const sequence = run.visibleSequence();
  const snapshot = run.database.snapshot();
  expectSame('sequence of a snapshot', String(sequence), String(snapshot.sequence));
  run.snapshots.set(slot, { snapshot, sequence });
}

/** Closes a snapshot. */
export function closeSnapshot(run: RunState, { slot }: Slotted): undefined {
  run.snapshots.get(slot)?.snapshot.close();
  run.snapshots.delete(slot);
}

/** Makes an iterator; one that the slot had stays as it is, abandoned. */
export function openIterator(run: RunState, operation: OperationOf<'openIterator'>): undefined {
  const { slot, scan } = operation;
  const keyspace = run.keyspaces.get(scan.keyspace);
  if (keyspace === undefined) return;
  const snapshot = scan.snapshot === null ? undefined : run.snapshots.get(scan.snapshot);
  const range = run.range(scan.range);
  const source = scanOf(keyspace, scan, keyspace.range(range, snapshot?.snapshot));
  const iterator =
    scan.form === 'sync' ? source[Symbol.iterator]() : source[Symbol.asyncIterator]();
  const closing = run.iterators.get(slot)?.iterator.return?.();
  if (closing instanceof Promise)
    run.follow(
      closing.then(() => {}),
      'closing an iterator',
    );
  const state = { keyspace, scan, range, snapshot, iterator, expected: null, nextIndex: 0 };
  run.iterators.set(slot, state);
}

/** Takes steps of an iterator, all of them asked for at once. */
export function stepIterator(
  run: RunState,
  { slot, count }: OperationOf<'stepIterator'>,
): Promise<void> | undefined {
  const open = run.iterators.get(slot);
  if (open === undefined) return undefined;
  if (open.expected === null) {
    const missing = missingCode(run, open);
    if (missing !== null) return expectRefusal(run, slot, { open, code: missing });
    const sequence = open.snapshot?.sequence ?? run.visibleSequence();
    open.expected = open.keyspace.model.entries(sequence, open.range);
  }
  const { keyspace, scan, expected, nextIndex } = open;
  open.nextIndex = Math.min(nextIndex + count, expected.length);
  const check = new ScanCheck(keyspace, scan.part, expected, nextIndex);
  const take = ({ done, value }: IteratorResult<unknown>): void => {
    if (!done) check.take(value);
    // Of steps asked for at once the first fails when the database is closed, and with that the iterator is at its end.
    else if (run.phase === 'running') check.end();
  };
  const steps: Promise<IteratorResult<unknown>>[] = [];
  for (let step = 0; step < count; step++) {
    const result = open.iterator.next();
    if (result instanceof Promise) steps.push(result);
    else take(result);
  }
  if (scan.form === 'sync') return undefined;
  return Promise.all(steps).then((results) => results.forEach(take));
}

/** What an iterator must say that is to begin now, if what it was made for is gone. */
function missingCode(run: RunState, { keyspace, snapshot, range }: OpenIterator): string | null {
  if (range.limit === 0) return null;
  if (snapshot?.snapshot.released) return 'SNAPSHOT_RELEASED';
  const exists = [...run.keyspaces.values()].some(({ model }) => model === keyspace.model);
  return exists ? null : 'NOT_FOUND';
}

function expectRefusal(
  run: RunState,
  slot: number,
  { open, code }: { readonly open: OpenIterator; readonly code: string },
): Promise<void> | undefined {
  run.iterators.delete(slot);
  const check = (error: unknown): void => {
    if (!hasCode(error, [code])) throw error;
  };
  const refuse = (): never => {
    throw new Difference(`an iterator began to read although it must fail with ${code}`);
  };
  if (open.scan.form === 'async')
    return (open.iterator.next() as Promise<unknown>).then(refuse, check);
  try {
    open.iterator.next();
  } catch (error) {
    check(error);
    return undefined;
  }
  return refuse();
}

/** Ends an iterator before its time. */
export function closeIterator(
  run: RunState,
  { slot }: OperationOf<'closeIterator'>,
): Promise<void> | undefined {
  const closing = run.iterators.get(slot)?.iterator.return?.();
  run.iterators.delete(slot);
  return closing instanceof Promise ? closing.then(() => {}) : undefined;
}

/** Opens a cursor; one that the slot had is closed. */
export function openCursor(run: RunState, operation: OperationOf<'openCursor'>): undefined {
  const keyspace = run.keyspaces.get(operation.keyspace);
  if (keyspace === undefined) return;
  const { reverse: _reverse, limit: _limit, ...choice } = operation.range;
  const range = run.range(choice);
  const view = run.view(operation.snapshot);
  run.cursors.get(operation.slot)?.cursor.close();
  const cursor = keyspace.handle.cursor(keyspace.range(range, view.snapshot));
  const expected = keyspace.model.entries(view.sequence, range);
  run.cursors.set(operation.slot, { keyspace, cursor, expected, index: null });
}

/** Moves a cursor, and looks at it after every move. */
export function moveCursor(run: RunState, operation: OperationOf<'moveCursor'>): undefined {
  const open = run.cursors.get(operation.slot);
  if (open === undefined) return;
  for (const move of operation.moves) {
    if (open.index === null && (move.move === 'next' || move.move === 'previous')) {
      expectNoStep(open, move.move);
      continue;
    }
    moveOnce(run, open, move);
    checkPosition(open, move);
  }
}

/** Closes a cursor. */
export function closeCursor(run: RunState, { slot }: OperationOf<'closeCursor'>): undefined {
  run.cursors.get(slot)?.cursor.close();
  run.cursors.delete(slot);
}

function moveOnce(run: RunState, open: OpenCursor, move: CursorMove): void {
  const { cursor, expected, keyspace } = open;
  const isAt = (index: number): number | null =>
    index >= 0 && index < expected.length ? index : null;
  if (move.move === 'seek' || move.move === 'seekBefore') {
    const target = run.keyOf(move.to);
    const found = expected.findIndex(([key]) => compareTexts(key, target) >= 0);
    const index = found < 0 ? expected.length : found;
    open.index = isAt(move.move === 'seek' ? index : index - 1);
    cursor[move.move](keyspace.key(target));
    return;
  }
  const indexes = {
    first: 0,
    last: expected.length - 1,
    next: (open.index ?? 0) + 1,
    previous: (open.index ?? 0) - 1,
  };
  open.index = isAt(indexes[move.move]);
  cursor[move.move]();
}

function checkPosition({ cursor, expected, index, keyspace }: OpenCursor, move: CursorMove): void {
  const what = `cursor of ${keyspace.model.name} after ${JSON.stringify(move)}`;
  const [key, value] = index === null ? [] : expected[index]!;
  expectText(`key at ${what}`, key, cursor.valid ? keyspace.keyText(cursor.key) : undefined);
  if (!cursor.valid) return;
  expectText(`value at ${what}`, value, keyspace.valueText(cursor.value));
  // Every character of a value is below 128, so both encodings give the same bytes.
  const { valueBytes } = cursor;
  const bytes = Buffer.from(valueBytes.buffer, valueBytes.byteOffset, valueBytes.length);
  expectText(`valueBytes at ${what}`, value, bytes.toString('latin1'));
}

function expectNoStep({ cursor, keyspace }: OpenCursor, move: 'next' | 'previous'): void {
  try {
    cursor[move]();
  } catch (error) {
    if (hasCode(error, ['INVALID_ARGUMENT'])) return;
    throw error;
  }
  throw new Difference(`cursor of ${keyspace.model.name}: ${move} was possible on no entry`);
}

/** Closes everything that is open. Iterators that were never read to their end are ended. */
export function closeHandles(run: RunState): void {
  for (const { iterator } of run.iterators.values()) {
    const closing = iterator.return?.();
    if (closing instanceof Promise)
      run.follow(
        closing.then(() => {}),
        'closing an iterator',
      );
  }
  for (const { cursor } of run.cursors.values()) cursor.close();
  for (const { snapshot } of run.snapshots.values()) snapshot.close();
  run.iterators.clear();
  run.cursors.clear();
  run.snapshots.clear();
}
