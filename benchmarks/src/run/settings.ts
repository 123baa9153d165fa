/** From what was asked for to what one run does. */
import type { StoreSettings } from '../engines/engine.js';
import type { HarnessOptions } from '../options.js';
import { type Workload, workloadOf } from '../workloads/index.js';
import type { RunSettings } from './raw-figures.js';

/** Shares of keys never make fewer operations than this, unless there are fewer keys. */
const OPERATION_COUNT_LEAST = 1000;

/** The settings of one workload on one engine. */
export function runSettingsOf(
  options: HarnessOptions,
  names: { readonly workload: string; readonly engine: string },
): RunSettings {
  const workload = workloadOf(names.workload);
  const asked: RunSettings = {
    ...names,
    num: options.num,
    operationCount: 0,
    keySizeBytes: options.keySizeBytes,
    valueSizeBytes: options.valueSizeBytes,
    valueCompressibility: options.valueCompressibility,
    batchSize: workload.batchSize === undefined ? 1 : (options.batchSize ?? workload.batchSize),
    writers: workload.writers === undefined ? 1 : (options.writers ?? workload.writers),
    durability: options.durability ?? workload.durability ?? 'os',
    cacheSizeBytes: options.cacheSizeBytes,
    memtableSizeBytes: options.memtableSizeBytes,
    filterBitsPerKey: options.filterBitsPerKey,
    compression: options.compression,
    seekNexts: options.seekNexts,
    writesPerSecond: options.writesPerSecond,
    durationSeconds: options.durationSeconds,
    seed: options.seed,
  };
  const settings = { ...asked, ...workload.fixed?.(asked) };
  return { ...settings, operationCount: operationCountOf(workload, settings.num, options) };
}

/** What two runs must have in common to start from the same prepared store. */
export function preparationKeyOf(settings: RunSettings): string {
  const { engine, num, keySizeBytes, valueSizeBytes, valueCompressibility, seed } = settings;
  const { compression, filterBitsPerKey } = settings;
  return JSON.stringify([
    engine,
    num,
    keySizeBytes,
    valueSizeBytes,
    valueCompressibility,
    seed,
    compression,
    filterBitsPerKey,
  ]);
}

function operationCountOf(workload: Workload, num: number, { reads }: HarnessOptions): number {
  const isReading = workload.kind === 'read' || workload.kind === 'mixed';
  if (isReading && reads !== undefined) return reads;
  const share = workload.operationShare ?? 1;
  return Math.min(num, Math.max(OPERATION_COUNT_LEAST, Math.floor(num * share)));
}

/** What an engine is opened with. */
export function storeSettingsOf(settings: RunSettings): StoreSettings {
  const { durability, cacheSizeBytes, memtableSizeBytes, filterBitsPerKey, compression } = settings;
  return { durability, cacheSizeBytes, memtableSizeBytes, filterBitsPerKey, compression };
}
