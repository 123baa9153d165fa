// The quick tier of the simulation: a few seeds of every profile, every failure there ever was, and proofs that it can fail.
// The program beside it (main.ts) runs as many seeds as wanted.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROFILES } from './profiles.js';
import { reportOf } from './report.js';
import { runCase } from './run.js';
import { generateCase, type SimulationCase } from './simulation-case.js';
import { type Outcome, tryCase, trySeed } from './try-seed.js';

const OPERATION_COUNT = 300;
const SEEDS_PER_PROFILE = 6;
const SHRINK_MS = 15_000;
const REGRESSIONS = join(import.meta.dirname, '../../regressions');

/** What would be printed of a failure; null if there is none. */
function printed({ failure }: Outcome): string | null {
  return failure === null ? null : reportOf(failure, 'case.json');
}

describe('The simulation', () => {
  test.each([...PROFILES.keys()])('B7: finds nothing in the profile %s', async (name) => {
    const profile = PROFILES.get(name)!;
    const firstSeed = [...PROFILES.keys()].indexOf(name) * 1_000;
    for (let seed = firstSeed; seed < firstSeed + SEEDS_PER_PROFILE; seed++) {
      const identity = { profile, seed, operationCount: OPERATION_COUNT, model: null };
      const runs = seed === firstSeed ? 'twice' : 'once';
      const outcome = await trySeed(identity, { shrinkMs: SHRINK_MS, runs });
      expect(printed(outcome)).toBeNull();
    }
  });

  test.each(readdirSync(REGRESSIONS).filter((name) => name.endsWith('.json')))(
    'does not find again what it found: %s',
    async (name) => {
      const simulation = JSON.parse(
        readFileSync(join(REGRESSIONS, name), 'utf8'),
      ) as SimulationCase;
      expect(printed(await tryCase(simulation, { shrinkMs: 0, runs: 'once' }))).toBeNull();
    },
  );
});

/** Seeds that found something once, whose cases are too long to be kept as files: see decision 11. */
const FOUND_SEEDS = [{ name: 'openings', seed: 0x18 }];

describe('Found seeds', () => {
  test.each(FOUND_SEEDS)('do not find it again: $name $seed', async ({ name, seed }) => {
    const identity = { profile: PROFILES.get(name)!, seed, operationCount: OPERATION_COUNT };
    const outcome = await trySeed({ ...identity, model: null }, { shrinkMs: 0, runs: 'once' });
    expect(printed(outcome)).toBeNull();
  });
});

describe('runCase', () => {
  test('does the same for the same case, step by step', async () => {
    const profile = PROFILES.get('crashes')!;
    const simulation = generateCase({ profile, seed: 5, operationCount: 150, model: null });
    const [first, second] = [
      await runCase(simulation, { trace: 'lines' }),
      await runCase(simulation, { trace: 'lines' }),
    ];
    expect(first.trace.length).toBeGreaterThan(500);
    expect(second.trace).toEqual(first.trace);
    expect(second.traceHash).toBe(first.traceHash);
  });

  test('makes the choices that it is given instead of those of the policy', async () => {
    const profile = PROFILES.get('usual')!;
    const drawn = generateCase({
      profile,
      seed: 6,
      operationCount: 100,
      model: null,
      policy: 'uniform',
    });
    const { choices, traceHash } = await runCase(drawn);
    expect(choices.size).toBeGreaterThan(10);
    expect((await runCase({ ...drawn, choices: [...choices] })).traceHash).toBe(traceHash);
    expect((await runCase({ ...drawn, choices: [] })).traceHash).not.toBe(traceHash);
  });
});
