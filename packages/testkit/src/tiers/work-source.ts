// What a long run is made of: kinds of tests, each cut into units that are done in order. How far each has come is a number,
// so a run that was stopped goes on where it was.

import type { Driver, DriverReport } from '../drivers/driver.js';
import { DRIVERS } from '../drivers/drivers.js';
import { runKillLoop } from '../kill-loop/loop.js';
import { PROFILES } from '../model-test/profiles.js';
import { trySeed } from '../model-test/try-seed.js';
import { PROFILES as SIMULATION_PROFILES } from '../simulation/profiles.js';
import { keepFailure } from '../simulation/report.js';
import { trySeed as simulateSeed } from '../simulation/try-seed.js';

/** What came of one unit. */
export interface UnitResult {
  /** Places done by it: the next unit begins behind them. */
  readonly placeCount: number;
  /** How many places there are; it is not known before the first unit. */
  readonly totalCount: number;
  /** Images, runs or cases that were checked. */
  readonly checkedCount: number;
  /** Texts of what must never happen, each with the command that shows it again. */
  readonly violations: readonly string[];
}

/** One kind of test. */
export interface WorkSource {
  readonly name: string;
  /** Does the unit that begins at a place. */
  run(place: number, seed: number): Promise<UnitResult>;
}

/** Places of each driver in one unit: some seconds of work. */
const UNIT_SIZES: Readonly<Record<string, number>> = {
  'crash-every': 10,
  'crash-twice': 2,
  'fail-every': 4,
  'flip-every': 50,
  'flip-bytes': 200,
  'truncate-every': 200,
  'limit-every': 1_000,
  metamorphic: 10,
};
const UNIT_SIZE_DEFAULT = 10;

const SIMULATION_SEED_COUNT = 100_000;
const SIMULATION_UNIT_SIZE = 20;
const SIMULATION_OPERATION_COUNT = 300;
const FAILURE_FOLDER = '.sim-failures';
const MODEL_SEED_COUNT = 10_000;
const MODEL_UNIT_SIZE = 5;
const MODEL_OPERATION_COUNT = 300;
const KILL_COUNT = 3_000;
const KILL_UNIT_SIZE = 20;
const VIOLATION_COUNT_MAX = 3;
const SHRINK_MS = 20_000;

/** Every kind of test of the nightly run. */
export function nightlySources(): WorkSource[] {
  const drivers = [...DRIVERS].map(([name, driver]) => driverSource(name, driver));
  return [...drivers, simulationSource(), modelSource(), killSource()];
}

function driverSource(name: string, driver: Driver): WorkSource {
  const unitSize = UNIT_SIZES[name] ?? UNIT_SIZE_DEFAULT;
  return {
    name,
    run: async (place, seed) => {
      const report = await driver({
        ...{ seed, tier: 'full', from: place, to: place + unitSize },
        violationCountMax: VIOLATION_COUNT_MAX,
      });
      const { placeCount: totalCount, checkedCount } = report;
      const placeCount = Math.max(0, Math.min(unitSize, totalCount - place));
      return { placeCount, totalCount, checkedCount, violations: textsOf(report) };
    },
  };
}

function textsOf({ violations }: DriverReport): string[] {
  return violations.map(({ title, lines, replay }) =>
    [title, ...lines.map((line) => `  ${line}`), `  replay: ${replay}`].join('\n'),
  );
}

/** Each place is a seed of the simulation, with all profiles in turn; the first of a unit is run twice. */
export function simulationSource(): WorkSource {
  const profiles = [...SIMULATION_PROFILES.values()];
  return {
    name: 'simulation',
    run: async (place, firstSeed) => {
      const violations: string[] = [];
      for (let turn = place; turn < place + SIMULATION_UNIT_SIZE; turn++) {
        const seed = (firstSeed + turn) >>> 0;
        const profile = profiles[seed % profiles.length]!;
        const identity = { profile, seed, operationCount: SIMULATION_OPERATION_COUNT, model: null };
        const runs = turn === place ? 'twice' : 'once';
        const { failure } = await simulateSeed(identity, { shrinkMs: SHRINK_MS, runs });
        if (failure !== null) violations.push(await keepFailure(failure, FAILURE_FOLDER));
      }
      return {
        ...{ placeCount: SIMULATION_UNIT_SIZE, totalCount: SIMULATION_SEED_COUNT },
        ...{ checkedCount: SIMULATION_UNIT_SIZE, violations },
      };
    },
  };
}

/** Each place is a seed, with all profiles in turn. */
export function modelSource(): WorkSource {
  const profiles = [...PROFILES.values()];
  return {
    name: 'model',
    run: async (place, seed) => {
      const violations: string[] = [];
      for (let turn = place; turn < place + MODEL_UNIT_SIZE; turn++) {
        const profile = profiles[turn % profiles.length]!;
        const identity = {
          profile,
          seed: (seed + turn) >>> 0,
          operationCount: MODEL_OPERATION_COUNT,
        };
        const report = await trySeed(identity, { shrinkMs: SHRINK_MS });
        if (report !== null) violations.push(report);
      }
      return {
        ...{ placeCount: MODEL_UNIT_SIZE, totalCount: MODEL_SEED_COUNT },
        ...{ checkedCount: MODEL_UNIT_SIZE, violations },
      };
    },
  };
}

/** Each place is a kill of a real process on a real directory. */
export function killSource(totalCount = KILL_COUNT): WorkSource {
  return {
    name: 'kill-loop',
    run: async (place, seed) => {
      const result = await runKillLoop({
        ...{ killCount: KILL_UNIT_SIZE, killsPerDirectory: KILL_UNIT_SIZE },
        durability: (place / KILL_UNIT_SIZE) % 2 === 0 ? 'always' : 'os',
        seed: (seed + place) >>> 0,
      });
      return {
        ...{ placeCount: KILL_UNIT_SIZE, totalCount },
        checkedCount: result.killCount,
        violations: result.problem === null ? [] : [`kill loop: ${result.problem}`],
      };
    },
  };
}
