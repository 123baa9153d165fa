// db_bench is not run for long, and only where it is installed; nothing here depends on how fast it is.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { RunSettings } from '../run/raw-figures.js';
import { externalEngine } from './db-bench.js';
import { findDbBench } from './db-bench-process.js';

const SETTINGS: RunSettings = {
  workload: 'readrandom',
  engine: 'db_bench',
  num: 2000,
  operationCount: 1000,
  keySizeBytes: 16,
  valueSizeBytes: 100,
  valueCompressibility: 0.5,
  batchSize: 1,
  writers: 1,
  durability: 'os',
  cacheSizeBytes: 1 << 20,
  memtableSizeBytes: 1 << 20,
  filterBitsPerKey: 10,
  compression: 'none',
  seekNexts: 10,
  writesPerSecond: 100,
  durationSeconds: 1,
  seed: 1,
};

test('refuses everything where db_bench is not on PATH, and says how to get it', async () => {
  vi.stubEnv('PATH', '');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await externalEngine.refusal(SETTINGS)).toMatch('install Debian package rocksdb-tools');
});

describe.skipIf(findDbBench() === null)('db_bench', () => {
  test('refuses workloads it does not have', async () => {
    expect(await externalEngine.refusal({ ...SETTINGS, workload: 'ycsb-a' })).toMatch('ycsb-a');
    expect(await externalEngine.refusal(SETTINGS)).toBeNull();
  });

  test('finds every key of a store that it prepared', async () => {
    const directory = await temporaryDirectory();
    await externalEngine.prepare(SETTINGS, directory);
    // It throws if keys are missing.
    const figures = await externalEngine.run(SETTINGS, directory);
    expect(figures.operationCount).toBe(1000);
    expect(figures.userReadBytes).toBe(116_000);
    expect(figures.latencyUs).not.toBeNull();
    expect(figures.storeBytes).toBeGreaterThan(0);
  });

  test('says what went wrong when it fails', async () => {
    const directory = await temporaryDirectory();
    const failing = externalEngine.run(SETTINGS, join(directory, 'missing', 'deep'));
    await expect(failing).rejects.toThrow(/db_bench failed with exit code \d+/);
  });
});

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'varve-db-bench-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
