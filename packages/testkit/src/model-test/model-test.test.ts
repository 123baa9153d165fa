// The quick tier of the model test: a few seeds of every profile. The program beside it (main.ts) runs as many as wanted.

import { existsSync } from 'node:fs';
import { MemoryFileSystem } from '@varve/vfs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { builtFolder } from '../kill-loop/child.js';
import { PROFILES } from './profiles.js';
import { trySeed } from './try-seed.js';

const OPERATION_COUNT = 200;
const SEEDS_PER_PROFILE = 4;
const SHRINK_MS = 10_000;

const all = [...PROFILES.values()];

async function trySeeds(name: string, seedCount: number): Promise<void> {
  const profile = PROFILES.get(name)!;
  const firstSeed = all.indexOf(profile) * 1_000;
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const identity = { profile, seed, operationCount: OPERATION_COUNT };
    expect(await trySeed(identity, { shrinkMs: SHRINK_MS })).toBeNull();
  }
}

const simulated = all.filter(({ world }) => world === 'simulated').map(({ name }) => name);
const real = all.filter(({ world }) => world === 'directory').map(({ name }) => name);

describe('The engine does what the model does', () => {
  test.each(simulated)('in a simulated world: %s', (name) => trySeeds(name, SEEDS_PER_PROFILE));

  // Worker threads run the built engine.
  test.runIf(existsSync(builtFolder())).each(real)(
    'on a real directory with worker threads: %s',
    (name) => trySeeds(name, 1),
  );
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('trySeed', () => {
  test('repeats a run exactly: every file is opened and removed in the same order', async () => {
    const identity = { profile: PROFILES.get('crashes')!, seed: 7, operationCount: 150 };
    const traces: string[][] = [];
    for (const method of ['openSync', 'removeSync', 'renameSync'] as const) {
      const original = MemoryFileSystem.prototype[method] as (...values: string[]) => unknown;
      vi.spyOn(MemoryFileSystem.prototype, method).mockImplementation(function (
        this: MemoryFileSystem,
        ...values: string[]
      ) {
        traces.at(-1)!.push(`${method} ${values.join(' ')}`);
        return original.apply(this, values) as never;
      });
    }
    for (let run = 0; run < 2; run++) {
      traces.push([]);
      await trySeed(identity, { shrinkMs: 0 });
    }
    expect(traces[0]!.length).toBeGreaterThan(100);
    expect(traces[0]).toEqual(traces[1]);
  });

  test('runs only the operations that are kept', async () => {
    const identity = { profile: PROFILES.get('keyspaces')!, seed: 7, operationCount: 60 };
    const ids: number[] = [];
    const onOperation = ({ id }: { readonly id: number }): void => void ids.push(id);
    await trySeed(identity, { shrinkMs: 0, keep: new Set([3, 20, 41]), onOperation });
    expect(ids).toEqual([3, 20, 41]);
  });
});
