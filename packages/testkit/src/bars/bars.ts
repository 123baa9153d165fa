// The bars of the contract that are counts, each with the programs that do as much.
//
// B13 and B14, the order of syncs and acknowledgements, are asserted in every world of B1 to B8.

import { CRASH_MODELS } from '../drivers/crash-points.js';
import { OPTION_SETS } from '../drivers/option-sets.js';
import { SMALL_OPERATION_COUNT } from '../simulation/shrink-case.js';
import { type Bar, type Line, numberIn, type Part, type Tally } from './bar.js';

const TESTKIT = 'packages/testkit/dist';
const SIMULATION_PART_COUNT = 4;
const SIMULATION_SEED_COUNT = 2_000;
const FUZZ_CASE_COUNT = 200_000;
/** Of `pnpm fuzz`, which also reads whole directories: those are no decoder. */
const DECODER_COUNT = 19;
/** Those of which it takes fewer cases unless it is told otherwise. */
const DEAR_DECODERS = ['wal', 'manifest', 'table'];
const SHRINK_MS_MAX = 60_000;
/** The two small databases of B4 have some 18,000 bytes, and each of their bits is flipped. */
const HALF_OF_BYTES = '9000';
/** The large one has some 90,000, of each of which one bit is flipped. */
const HALF_OF_LARGE = '45000';
/** There are some 130. */
const HALF_OF_MUTANTS = '65';

/** See the head of this file. */
export const BARS: readonly Bar[] = [
  {
    label: 'B1',
    what: 'crashes before each operation of a workload, images checked',
    wantedCount: 4_000,
    // Of one workload there are fewer images that differ.
    parts: ['1', '2'].flatMap((seed) =>
      CRASH_MODELS.map((model) => [...driver('crash-every'), '--model', model, '--seed', seed]),
    ),
    tallyOf: checked,
  },
  {
    label: 'B3',
    what: 'faults in each operation, of each kind, once and for good',
    wantedCount: 8_000,
    parts: ['1', '2', '3'].map((seed) => [...driver('fail-every'), '--seed', seed]),
    tallyOf: checked,
  },
  {
    label: 'B4',
    what: 'bits of closed and crashed databases flipped, none of which is unchecked (B5)',
    wantedCount: 200_000,
    parts: [
      [...driver('flip-bytes'), '--to', HALF_OF_LARGE],
      [...driver('flip-bytes'), '--from', HALF_OF_LARGE],
      [...driver('flip-every'), '--to', HALF_OF_BYTES],
      [...driver('flip-every'), '--from', HALF_OF_BYTES],
    ],
    tallyOf: checked,
  },
  {
    label: 'B7',
    what: 'seeds of the simulation, 300 operations each',
    wantedCount: SIMULATION_SEED_COUNT,
    parts: Array.from({ length: SIMULATION_PART_COUNT }, (_, index) => simulation(index)),
    tallyOf: (line) => tally(line, 'seedCount', 'violationCount'),
  },
  {
    label: 'B8',
    what: 'histories: lists of operations, each under every set of options',
    wantedCount: 100 * OPTION_SETS.length,
    parts: [driver('metamorphic')],
    tallyOf: checked,
  },
  {
    label: 'B9',
    what: 'writers killed by the system',
    wantedCount: 100,
    parts: ['always', 'os'].map((durability) => [
      ...[`${TESTKIT}/kill-loop/main.js`, '--kills', '50', '--durability', durability, '--json'],
    ]),
    tallyOf: killTally,
  },
  {
    label: 'B10',
    what: 'planted faults that tests notice',
    wantedCount: 40,
    parts: [[`${TESTKIT}/mutants/main.js`, '--json']],
    tallyOf: mutantTally,
  },
  {
    label: 'B11',
    what: `decoders with ${FUZZ_CASE_COUNT} damaged and forged inputs each`,
    wantedCount: DECODER_COUNT,
    parts: [fuzzing(), ...DEAR_DECODERS.map((name) => fuzzing('--exact', '--decoder', name))],
    tallyOf: (line) => ({
      count: numberIn(line, 'caseCount') >= FUZZ_CASE_COUNT ? 1 : 0,
      violationCount: numberIn(line, 'violations'),
    }),
  },
  { ...leg('openers'), label: 'B16', what: 'rounds of 8 openers', wantedCount: 200 },
  { ...leg('full-disk'), label: 'B17', what: 'disks filled and freed', wantedCount: 1_000 },
  {
    ...leg('read-only'),
    label: 'B18',
    what: 'crashed directories read',
    wantedCount: 1_000,
    // A round looks at many.
    tallyOf: (line) => ({
      count: numberIn((line['figures'] ?? {}) as Line, 'images'),
      violationCount: numberIn(line, 'violations'),
    }),
  },
  { ...leg('workers'), label: 'B19', what: 'background threads that died', wantedCount: 1_000 },
  {
    label: 'B26',
    what: 'planted faults found by simulation, replayed, and shrunk to 20 operations',
    wantedCount: 100,
    parts: [
      ['--count', HALF_OF_MUTANTS],
      ['--from', HALF_OF_MUTANTS],
    ].map((half) => [...mutantSearch(), ...half]),
    tallyOf: replayTally,
  },
];

function driver(name: string): Part {
  return [`${TESTKIT}/drivers/main.js`, '--driver', name, '--full', '--json'];
}

function simulation(index: number): Part {
  const seedCount = SIMULATION_SEED_COUNT / SIMULATION_PART_COUNT;
  const words = ['--seeds', `${seedCount}`, '--seed', `${1 + index * seedCount}`, '--json'];
  return [`${TESTKIT}/simulation/main.js`, ...words];
}

function mutantSearch(): Part {
  const words = ['--failures', '2', '--shrink', '55000', '--json'];
  return [`${TESTKIT}/simulation/mutants-main.js`, ...words];
}

function fuzzing(...words: readonly string[]): Part {
  return ['tools/fuzz/run.mjs', '--cases', `${FUZZ_CASE_COUNT}`, '--json', ...words];
}

function leg(name: string): Pick<Bar, 'parts' | 'tallyOf'> {
  return {
    parts: [
      ['--max-old-space-size=256', `${TESTKIT}/legs/main.js`, '--leg', name, '--full', '--json'],
    ],
    tallyOf: (line) => tally(line, 'roundCount', 'violations'),
  };
}

/** At least one kill in ten has to come while the database recovers. */
function killTally(line: Line): Tally {
  const count = numberIn(line, 'killCount');
  const isWhole = line['problem'] === null && numberIn(line, 'recoveryKillCount') * 10 >= count;
  return { count, violationCount: numberIn(line, 'lostCount') + (isWhole ? 0 : 1) };
}

/** A canary is a change that changes nothing: it must pass, and does not count. */
function mutantTally({ name, kind }: Line): Tally {
  const isCanary = name === 'canary';
  return {
    count: !isCanary && kind === 'failed' ? 1 : 0,
    violationCount: kind === (isCanary ? 'passed' : 'failed') ? 0 : 1,
  };
}

/** That a simulation does not find a planted fault is no violation: others look for it as well. */
function replayTally(line: Line): Tally {
  if (typeof line['seed'] !== 'number') return { count: 0, violationCount: 0 };
  const isSmall = numberIn(line, 'operationCount') <= SMALL_OPERATION_COUNT;
  const isSoon = numberIn(line, 'shrinkMs') <= SHRINK_MS_MAX;
  const isGood = line['isReplayed'] === true && isSmall && isSoon;
  return { count: isGood ? 1 : 0, violationCount: isGood ? 0 : 1 };
}

function checked(line: Line): Tally {
  return tally(line, 'checkedCount', 'violations');
}

function tally(line: Line, countField: string, violationField: string): Tally {
  return { count: numberIn(line, countField), violationCount: numberIn(line, violationField) };
}
