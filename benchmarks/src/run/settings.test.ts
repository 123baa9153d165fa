// Approach: the plan of a workload for a command line, field by field.

import { describe, expect, test } from 'vitest';
import { parseOptions } from '../options.js';
import { preparationKeyOf, runSettingsOf } from './settings.js';

function settingsOf(workload: string, line = '') {
  const output = { out: () => {}, error: () => {} };
  const options = parseOptions(line.split(' ').filter(Boolean), output);
  return runSettingsOf(options, { workload, engine: 'varve-sync' });
}

describe('runSettingsOf', () => {
  test('gives durable workloads a hundredth of the operations, but not fewer than 1000', () => {
    expect(settingsOf('fillsync')).toMatchObject({ durability: 'always', operationCount: 10_000 });
    expect(settingsOf('fillsync', '--num 5k').operationCount).toBe(1000);
    expect(settingsOf('fillsync', '--num 10').operationCount).toBe(10);
  });

  test('lets the command line come before what a workload usually does', () => {
    expect(settingsOf('fillsync', '--durability os').durability).toBe('os');
    expect(settingsOf('fillbatch', '--batch 10').batchSize).toBe(10);
    expect(settingsOf('fillsync-64', '--writers 8').writers).toBe(8);
    expect(settingsOf('readrandom', '--reads 7').operationCount).toBe(7);
  });

  test('has batches and overlapping writers only where there can be any', () => {
    expect(settingsOf('fillseq', '--batch 10').batchSize).toBe(1);
    expect(settingsOf('readrandom', '--writers 8').writers).toBe(1);
  });

  test('shrinks the cache of the cold workload to a fifth of the data', () => {
    expect(settingsOf('readrandom-cold').cacheSizeBytes).toBe((1_000_000 * 116) / 5);
  });

  test('fills fewer entries where each is larger', () => {
    expect(settingsOf('fill4k')).toMatchObject({ num: 100_000, valueSizeBytes: 4096 });
    expect(settingsOf('read64k')).toMatchObject({ num: 10_000, valueSizeBytes: 65_536 });
  });
});

describe('preparationKeyOf', () => {
  test('is shared by workloads over the same data, whatever their cache', () => {
    const keys = ['readrandom', 'readrandom-cold', 'overwrite', 'ycsb-a'].map((workload) =>
      preparationKeyOf(settingsOf(workload)),
    );
    expect(new Set(keys).size).toBe(1);
    expect(preparationKeyOf(settingsOf('read4k'))).not.toBe(keys[0]);
  });
});
