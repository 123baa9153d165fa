// Fewer and larger writes in the place of many small ones: where a failure takes a full memtable, they do the same.

import type { Operation, OperationOf } from './operation.js';

const VALUE_SIZE_BYTES_MAX = 20_000;

type Write = OperationOf<'write'>;

/** The writes of one client that stand together from a place on, whatever other clients do between them. */
export function writesAt(operations: readonly Operation[], place: number): Write[] {
  const { client } = operations[place]!;
  const own = operations.slice(place).filter((one) => one.client === client);
  const end = own.findIndex(({ kind }) => kind !== 'write');
  return own.slice(0, end < 0 ? own.length : end) as Write[];
}

/** The operations with some writes, at least two of them, as one write and a flush, or as one batch. */
export function joinedWrites(
  operations: readonly Operation[],
  writes: readonly Write[],
): readonly Operation[][] {
  const [first, second] = writes as [Write, Write];
  const joined = new Set<Operation>(writes.slice(1));
  const entries = writes.flatMap((one) => one.entries);
  const flush: Operation = { id: second.id, client: second.client, kind: 'flush' };
  return [
    operations.flatMap((one) => (one === second ? [flush] : joined.has(one) ? [] : [one])),
    operations.flatMap((one) =>
      one === first ? [{ ...first, entries }] : joined.has(one) ? [] : [one],
    ),
  ];
}

/** The operation with values so many times as large, up to a limit; one that writes nothing as it is. */
export function withLargerValues(operation: Operation, factor: number): Operation {
  if (operation.kind !== 'write') return operation;
  const entries = operation.entries.map(({ key, sizeBytes }) => ({
    key,
    sizeBytes: sizeBytes === null ? null : Math.min(VALUE_SIZE_BYTES_MAX, (sizeBytes + 1) * factor),
  }));
  return { ...operation, entries };
}
