import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgeSamples, type SoakSample } from './soak-verdict.js';
import { runTier, type TierRunOptions } from './tier-run.js';
import { loadState, saveState, type TierState } from './tier-state.js';
import type { WorkSource } from './work-source.js';

const MIB = 1024 * 1024;

function emptyState(): TierState {
  return { seed: 1, sources: {}, violations: [] };
}

/** A source whose units take a time, and which notes the places they begin at. */
class MadeUpSource implements WorkSource {
  readonly begun: number[] = [];
  readonly name: string;
  readonly #clock: { nowMs: number };
  readonly #costMs: number;

  constructor(name: string, clock: { nowMs: number }, costMs: number) {
    this.name = name;
    this.#clock = clock;
    this.#costMs = costMs;
  }

  async run(place: number) {
    this.begun.push(place);
    this.#clock.nowMs += this.#costMs;
    const violations = place === 6 ? ['bad'] : [];
    return { placeCount: 2, totalCount: 10, checkedCount: 4, violations };
  }
}

describe('runTier', () => {
  function madeUp(options: Partial<TierRunOptions> = {}) {
    const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
    const sources = [new MadeUpSource('cheap', clock, 10), new MadeUpSource('dear', clock, 30)];
    const state = emptyState();
    const how = { sources, state, clock, endMs: 100, violationCountMax: 9, onUnit: () => {} };
    return { sources, state, how: { ...how, ...options } };
  }

  test('gives each kind of test the same time, and stops when it is over', async () => {
    const { sources, state, how } = madeUp();
    expect(await runTier(how)).toBe('time');
    expect(sources.map(({ begun }) => begun)).toEqual([
      [0, 2, 4, 6],
      [0, 2],
    ]);
    expect(state.sources['cheap']).toEqual({
      ...{ doneCount: 8, totalCount: 10, checkedCount: 16, elapsedMs: 40 },
    });
  });

  test('goes on where it was, until all is done', async () => {
    const { sources, state, how } = madeUp();
    await runTier(how);
    expect(await runTier({ ...how, endMs: Number.POSITIVE_INFINITY })).toBe('done');
    for (const { begun } of sources) expect(begun).toEqual([0, 2, 4, 6, 8]);
    expect(state.violations).toEqual(['bad', 'bad']);
  });

  test('stops when too much was found', async () => {
    const { how, state } = madeUp({ endMs: Number.POSITIVE_INFINITY, violationCountMax: 1 });
    expect(await runTier(how)).toBe('violations');
    expect(state.violations).toEqual(['bad']);
  });
});

describe('The state of a run', () => {
  test('is found again, but not for another seed', () => {
    const root = mkdtempSync(join(tmpdir(), 'varve-state-'));
    try {
      const path = join(root, 'deep/state.json');
      expect(loadState(path, 1)).toEqual(emptyState());
      const state = emptyState();
      state.sources['one'] = { doneCount: 3, totalCount: 4, checkedCount: 9, elapsedMs: 5 };
      saveState(path, state);
      expect(loadState(path, 1)).toEqual(state);
      expect(loadState(path, 2)).toEqual({ ...emptyState(), seed: 2 });
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

describe('B23: judgeSamples', () => {
  function samples(hours: number, at: (hour: number, index: number) => Partial<SoakSample>) {
    return Array.from({ length: hours * 60 }, (_, index): SoakSample => {
      const usual = { rssBytes: 200 * MIB, otherDescriptorCount: 5, tableCount: 40 };
      const fixed = { elapsedMs: index * 60_000, stepCount: index, tableFileCount: 40 };
      return { ...fixed, ...usual, ...at(index / 60, index) };
    });
  }

  test('accepts memory that fills up and goes up and down', () => {
    const verdict = judgeSamples(
      samples(10, (hour, index) => ({
        rssBytes: (hour < 1 ? 100 * hour : 100 + (index % 7)) * MIB,
      })),
    );
    expect(verdict.violations).toEqual([]);
    expect(Math.abs(verdict.rssSlopeMiBPerHour!)).toBeLessThan(0.1);
  });

  test('refuses memory that grows by two MiB an hour', () => {
    const verdict = judgeSamples(samples(10, (hour) => ({ rssBytes: (100 + 2 * hour) * MIB })));
    expect(verdict.rssSlopeMiBPerHour).toBeCloseTo(2);
    expect(verdict.violations).toEqual(['resident memory grows by 2.00 MiB an hour']);
  });

  test('says nothing of a slope before there is one', () => {
    const verdict = judgeSamples(samples(1, (hour) => ({ rssBytes: 100 * hour * MIB })));
    expect(verdict).toMatchObject({ rssSlopeMiBPerHour: null, violations: [] });
    expect(judgeSamples([])).toMatchObject({ rssSlopeMiBPerHour: null, violations: [] });
  });

  test('refuses descriptors and files that are never given back', () => {
    const leaking = samples(10, (hour) => ({ otherDescriptorCount: 5 + Math.floor(hour * 3) }));
    expect(judgeSamples(leaking).violations).toEqual([expect.stringMatching(/files are open/)]);
    const littered = samples(10, (hour) => ({ tableFileCount: 40 + Math.floor(hour) }));
    expect(judgeSamples(littered).violations).toEqual([expect.stringMatching(/are obsolete/)]);
  });
});
