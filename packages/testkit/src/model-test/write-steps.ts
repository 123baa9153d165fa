// Writes: each goes into the commit log, then to the engine.

import type { Durability } from '@varve/engine';
import type { Commit, CommitEntry } from './commit-log.js';
import { Difference, expectSame, hasCode } from './difference.js';
import { makeValue } from './keys.js';
import {
  type OpenKeyspace,
  scramble,
  type TestKeyspace,
  type TestOperation,
} from './open-keyspace.js';
import type { EntryChange, Manner, OperationOf } from './operation.js';
import type { RunState } from './run-state.js';

const TOO_LARGE_KEY = 'x'.repeat(65_537);
const WRONG_VALUE = 12_345;

/** An entry as texts, and where it goes. */
interface Change {
  readonly keyspace: OpenKeyspace;
  readonly key: string;
  readonly value: string | undefined;
}

/** Carries out a put or a del. */
export function put(run: RunState, operation: OperationOf<'put'>): Promise<void> | undefined {
  const [change] = changesOf(run, operation.id, [operation.entry]);
  if (change === undefined) return undefined;
  const { handle } = change.keyspace;
  const key = change.keyspace.key(change.key);
  const value = change.value === undefined ? undefined : change.keyspace.value(change.value);
  const { form, durability } = operation.manner;
  const options = durability === null ? {} : { durability };
  const done = commit(run, operation.manner, {
    changes: [change],
    sync: () =>
      value === undefined ? handle.delSync(key, options) : handle.putSync(key, value, options),
    async: () => (value === undefined ? handle.del(key, options) : handle.put(key, value, options)),
  });
  expectSame('the form of a write', form, done === undefined ? 'sync' : 'async');
  scramble(key);
  scramble(value);
  return done;
}

/** Carries out a batch. */
export function batch(run: RunState, operation: OperationOf<'batch'>): Promise<void> | undefined {
  const home = run.keyspaces.get(operation.keyspace);
  const changes = changesOf(run, operation.id, operation.entries);
  if (home === undefined || changes.length === 0) return undefined;
  const operations = operationsOf(changes);
  const { durability } = operation.manner;
  const options = durability === null ? {} : { durability };
  const done = commit(run, operation.manner, {
    changes,
    sync: () => batchOf(home.handle).batchSync(operations, options),
    async: () => batchOf(home.handle).batch(operations, options),
  });
  for (const { key, value } of operations) {
    scramble(key);
    scramble(value);
  }
  return done;
}

/** Attempts a write that must be refused and leave nothing behind. */
export function refused(
  run: RunState,
  operation: OperationOf<'refused'>,
): Promise<void> | undefined {
  const { fault, form, at } = operation;
  const { handle } = run.keyspaces.get(0)!;
  const key = fault === 'key-too-large' ? Buffer.from(TOO_LARGE_KEY) : Buffer.from('key');
  const value = fault === 'key-too-large' ? Buffer.from('value') : WRONG_VALUE;
  const operations = operationsOf(changesOf(run, operation.id, operation.entries));
  operations.splice(at ?? 0, 0, { type: 'put', key, value });
  const { lastSequence } = run.commits;
  const check = (error: unknown): void => {
    const isExpected =
      fault === 'key-too-large' ? hasCode(error, ['KEY_TOO_LARGE']) : error instanceof TypeError;
    if (!isExpected) throw new Difference(`${fault}: refused with ${String(error)}`);
  };
  if (form === 'async') {
    const write = at === null ? handle.put(key, value) : batchOf(handle).batch(operations, {});
    return write.then(() => acceptedFault(fault), check);
  }
  try {
    if (at === null) handle.putSync(key, value);
    else batchOf(handle).batchSync(operations, {});
  } catch (error) {
    check(error);
    expectSame('sequence', String(lastSequence), String(run.commits.lastSequence));
    return undefined;
  }
  return acceptedFault(fault);
}

function acceptedFault(fault: string): never {
  throw new Difference(`${fault}: accepted`);
}

interface Write {
  readonly changes: readonly Change[];
  readonly sync: () => void;
  readonly async: () => Promise<void>;
}

function commit(run: RunState, manner: Manner, write: Write): Promise<void> | undefined {
  const durability = manner.durability ?? run.durability;
  const entries = write.changes.map(
    ({ keyspace, key, value }): CommitEntry => ({ keyspace: keyspace.model, key, value }),
  );
  const issued = run.commits.issue(entries, durability);
  if (manner.form === 'async')
    return write.async().then(() => acknowledge(run, issued, durability));
  write.sync();
  acknowledge(run, issued, durability);
  const visible = run.visibleSequence();
  expectSame('visible after a synchronous write', `${run.commits.lastSequence}`, `${visible}`);
  return undefined;
}

/** A write was acknowledged with this durability. */
export function acknowledge(run: RunState, issued: Commit, durability: Durability): void {
  if (durability === 'always') {
    const fault = run.world.refuteDurable(issued.lastSequence);
    if (fault !== null) throw new Difference(`a write is acknowledged as durable, but ${fault}`);
  }
  if (issued.standing === 'durable') return;
  issued.standing = durability === 'always' ? 'durable' : 'acknowledged';
}

/** The entries whose keyspaces exist. */
function changesOf(run: RunState, id: number, entries: readonly EntryChange[]): Change[] {
  return entries.flatMap(({ keyspace: slot, key, sizeBytes }, index) => {
    const keyspace = run.keyspaces.get(slot);
    if (keyspace === undefined) return [];
    const value = sizeBytes === null ? undefined : makeValue(id, index, sizeBytes);
    return [{ keyspace, key: run.keyOf(key), value }];
  });
}

function operationsOf(changes: readonly Change[]): TestOperation[] {
  return changes.map(({ keyspace, key, value }) => keyspace.operation(key, value));
}

/** The batch methods without the types of keys and values: a batch of the test spans keyspaces of any. */
function batchOf(handle: TestKeyspace): {
  batch(operations: readonly TestOperation[], options: object): Promise<void>;
  batchSync(operations: readonly TestOperation[], options: object): void;
} {
  return handle as never;
}
