// Approach: stores that lie in one way each, and workloads that must find them out.

import { describe, expect, test } from 'vitest';
import type { EngineStore } from '../engines/engine.js';
import { nullStore } from '../engines/null-store.js';
import { parseOptions } from '../options.js';
import { runSettingsOf } from '../run/settings.js';
import { WrongDataError, workloadOf } from './index.js';
import { distinctKeyCountOf, lastWritesOf, sampleOf } from './verification.js';

function settingsOf(workload: string) {
  const options = parseOptions(['--num', '3000'], { out: () => {}, error: () => {} });
  return runSettingsOf(options, { workload, engine: 'test' });
}

/** Keeps entries in a map, and gives `lie` a chance to change what is read. */
function mapStore(lie: (value: Buffer | undefined) => Buffer | undefined): EngineStore {
  const entries = new Map<string, Buffer>();
  return {
    ...nullStore,
    put: (key, value) => void entries.set(key.toString(), Buffer.from(value)),
    del: (key) => void entries.delete(key.toString()),
    get: (key) => lie(entries.get(key.toString())),
  };
}

async function verified(workload: string, store: EngineStore): Promise<number> {
  const course = workloadOf(workload).start(store, settingsOf(workload));
  for (let position = 0; position < course.stepCount; position++) course.step(position, 0);
  return course.verify({ stepCount: course.stepCount, undefinedCount: 0 });
}

describe('verification', () => {
  test.each(['fillseq', 'fillrandom', 'filluniquerandom', 'fill4k'])(
    '%s passes on a store that keeps what it is given',
    async (workload) => {
      expect(
        await verified(
          workload,
          mapStore((value) => value),
        ),
      ).toBeGreaterThan(100);
    },
  );

  test.each([
    ['loses values', () => undefined],
    ['cuts values short', (value: Buffer | undefined) => value?.subarray(1)],
    ['flips a bit', (value: Buffer | undefined) => value?.fill(value[0] ^ 1, 0, 1)],
  ])('fails on a store that %s', async (_, lie) => {
    await expect(verified('fillrandom', mapStore(lie))).rejects.toThrow(WrongDataError);
  });

  test('fails on a store that keeps the first value of a key and not the last', async () => {
    const first = new Set<string>();
    const store = mapStore((value) => value);
    const put: EngineStore['put'] = (key, value) => {
      if (!first.has(key.toString())) store.put(key, value);
      first.add(key.toString());
    };
    await expect(verified('fillrandom', { ...store, put })).rejects.toThrow(WrongDataError);
  });

  test('fails on a store that forgets to delete', async () => {
    const store = mapStore((value) => value ?? Buffer.from('still here'));
    await expect(verified('deleterandom', store)).rejects.toThrow(WrongDataError);
  });
});

describe('lastWritesOf', () => {
  test('has the last of several writes of a key', () => {
    expect([...lastWritesOf(() => (index) => index % 3, 7)].sort()).toEqual([
      [0, 6],
      [1, 4],
      [2, 5],
    ]);
  });
});

describe('distinctKeyCountOf', () => {
  test('counts each key once', () => {
    const counts = { writeCount: 10, keyCount: 5 };
    expect(distinctKeyCountOf(() => (index) => index % 4, counts)).toBe(4);
  });
});

describe('sampleOf', () => {
  test('takes all of few and at least a thousand of many, over the whole range', () => {
    expect(sampleOf(5)).toEqual([0, 1, 2, 3, 4]);
    const sample = sampleOf(1_000_000);
    expect(new Set(sample).size).toBeGreaterThanOrEqual(1000);
    expect(Math.min(...sample)).toBeLessThan(1000);
    expect(Math.max(...sample)).toBeGreaterThan(999_000);
    expect(Math.max(...sample)).toBeLessThan(1_000_000);
  });
});
