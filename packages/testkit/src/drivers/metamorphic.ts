// Metamorphic: the same operations under many options must have the same history (bar B8). What the right one is needs no
// model: options change what a database costs, and never what it answers.

import { type DriverOptions, type DriverReport, Findings, type Tier } from './driver.js';
import { type History, historyOf } from './history.js';
import { errorText } from './image-check.js';
import { drawOperations, type MetamorphicOperation } from './metamorphic-operations.js';
import { OPTION_SETS, type OptionSet } from './option-sets.js';

/** Lists of operations, each of which is a place. */
const LIST_COUNT = 3_000;
const QUICK_LIST_COUNT = 100;
const QUICK_SET_COUNT = 8;
const OPERATION_COUNT = 30;
/** A real directory costs as much as all the others: it has its turn with one list in so many. */
const DIRECTORY_STRIDE = 25;

/** See the head of this file. A history is what is counted. */
export async function metamorphic(options: DriverOptions): Promise<DriverReport> {
  const findings = new Findings('metamorphic', options);
  const places = findings.places({ count: LIST_COUNT, quickCount: QUICK_LIST_COUNT });
  for (const [turn, place] of places.entries()) {
    if (findings.isFull) break;
    const seed = options.seed ^ Math.imul(place + 1, 0x9e37_79b1);
    const operations = drawOperations(seed, OPERATION_COUNT);
    const sets = setsOf(turn, options.tier);
    const problem = await compareHistories(operations, sets);
    findings.checkedCount += sets.length;
    if (problem !== null) findings.violate(place, { title: `list ${place}`, lines: problem });
    findings.progress((turn + 1) / places.length);
  }
  return findings.report;
}

/** The first option set and others: all of them, in the quick tier some of them in turn. */
function setsOf(turn: number, tier: Tier): OptionSet[] {
  const [first, ...rest] = OPTION_SETS.filter(({ world }) => world !== 'directory');
  const count = tier === 'full' ? rest.length : QUICK_SET_COUNT - 1;
  const others = Array.from({ length: count }, (_, index) => rest[(turn + index) % rest.length]!);
  const directory = OPTION_SETS.filter(({ world }) => world === 'directory');
  return [first!, ...others, ...(turn % DIRECTORY_STRIDE === 0 ? directory : [])];
}

/** Says how a history differs from that of the first set; null if none does. */
export async function compareHistories(
  operations: readonly MetamorphicOperation[],
  sets: readonly OptionSet[],
): Promise<string[] | null> {
  const [first, ...others] = sets;
  let expected: History;
  try {
    expected = await historyOf(operations, first!);
  } catch (error) {
    return [`with options "${first!.name}": ${errorText(error)}`];
  }
  for (const set of others) {
    try {
      const found = await historyOf(operations, set);
      const index = firstDifference(expected, found);
      if (index < 0) continue;
      return [
        `with options "${first!.name}": ${expected[index]}`,
        `with options "${set.name}": ${found[index]}`,
      ];
    } catch (error) {
      return [`with options "${set.name}": ${errorText(error)}`];
    }
  }
  return null;
}

function firstDifference(a: History, b: History): number {
  return a.findIndex((line, index) => line !== b[index]);
}
