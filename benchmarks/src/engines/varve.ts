/** What both adapters of Varve share: how it is opened, how it settles, what it says of itself. */
import { type Database, type DatabaseOptions, open, type RangeOptions } from '@varve/engine';
import type { ScanRange, StoreSettings } from './engine.js';

/** Keys and values are bytes. */
export type VarveDatabase = Database<Uint8Array, Uint8Array>;

/** An operation of a batch that is used again for the next one. */
export interface ReusedPut {
  readonly type: 'put';
  key: Uint8Array;
  value: Uint8Array;
}

/**
 * Its one budget holds memtables and cache. Engines with two get the cache they are told with the memtables on top, so its
 * budget is that of both together: what an entry of the memtable takes (1.4 of its bytes), for one active and two waiting.
 */
const MEMTABLE_OVERHEAD_FACTOR = 1.4;
const MEMTABLE_COUNT = 3;
const LEAST_BUDGET_BYTES = 8 * 1024 * 1024;

/** The options that settings come to. */
export function varveOptions(settings: StoreSettings) {
  const { cacheSizeBytes, memtableSizeBytes, filterBitsPerKey } = settings;
  const writeBytes = Math.ceil(memtableSizeBytes * MEMTABLE_OVERHEAD_FACTOR * MEMTABLE_COUNT);
  return {
    keyEncoding: 'binary',
    valueEncoding: 'binary',
    durability: settings.durability,
    compression: settings.compression,
    memoryBudgetBytes: Math.max(LEAST_BUDGET_BYTES, Math.ceil(cacheSizeBytes) + writeBytes),
    tuning: { memtableSizeBytes, filterBitsPerKey },
  } as const satisfies DatabaseOptions;
}

/** Opens or creates a database. */
export function openVarve(directory: string, settings: StoreSettings): Promise<VarveDatabase> {
  return open(directory, varveOptions(settings));
}

/** A range of the harness as Varve takes it. */
export function rangeOptions({
  from,
  limit,
  reverse = false,
}: ScanRange): RangeOptions<Uint8Array> {
  const start = from === undefined ? {} : reverse ? { lte: from } : { gte: from };
  return { ...start, reverse, ...(limit === undefined ? {} : { limit }) };
}

/** Puts for a batch, in operations that are used again. */
export class ReusedBatch {
  readonly #operations: ReusedPut[] = [];

  /** The operations for these entries. Valid until the next call. */
  of(keys: readonly Uint8Array[], values: readonly Uint8Array[]): readonly ReusedPut[] {
    const operations = this.#operations;
    while (operations.length < keys.length) {
      operations.push({ type: 'put', key: keys[0], value: values[0] });
    }
    operations.length = keys.length;
    for (let index = 0; index < keys.length; index++) {
      operations[index].key = keys[index];
      operations[index].value = values[index];
    }
    return operations;
  }
}

/** Waits for flushes and compactions. */
export async function settleVarve(db: VarveDatabase): Promise<boolean> {
  await db.settle();
  return true;
}

/** The options in effect. */
export function describeVarve(settings: StoreSettings): Record<string, string | number | boolean> {
  const { memoryBudgetBytes, compression, durability, tuning } = varveOptions(settings);
  return { memoryBudgetBytes, compression, durability, ...tuning };
}
