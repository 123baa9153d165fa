// What is compared with what: results of different engines that did the same work.
//
// A workload may have been measured several times under different conditions: numbers of entries,
// sizes of values, settled or not. The conditions that tell such results of one engine apart are
// found from the data, and name the case.

import type { BenchmarkResult } from '../../results/result.js';
import { bytesText, countText } from './numbers.js';
import { settingName, settingText } from './settings.js';

/** One piece of work, and what each engine did in it. */
export interface Case {
  readonly workload: string;
  readonly num: number;
  /** Conditions apart from `num` that tell it from other cases of the workload; may be empty. */
  readonly variant: string;
  /** By name of the engine; skipped ones included. The last of several lines counts. */
  readonly byEngine: ReadonlyMap<string, BenchmarkResult>;
}

type Conditions = ReadonlyMap<string, string>;

/** Groups results into cases: workloads in order of appearance, then variants, then `num` rising. */
export function casesOf(results: readonly BenchmarkResult[]): readonly Case[] {
  return [...groupBy(results, (result) => result.workload).values()].flatMap(casesOfWorkload);
}

/** `'fillrandom, settled yes'`: the work without the number of entries. */
export function titleOf({ workload, variant }: Pick<Case, 'workload' | 'variant'>): string {
  return variant === '' ? workload : `${workload}, ${variant}`;
}

/** The results that hold figures. */
export function measuredOf(item: Case): readonly BenchmarkResult[] {
  return [...item.byEngine.values()].filter((result) => result.skipped === undefined);
}

/** Splits values by a key, keeping their order. */
export function groupBy<Value, Key>(
  values: readonly Value[],
  keyOf: (value: Value) => Key,
): ReadonlyMap<Key, readonly Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}

/** Cases of each number of entries, the numbers rising. */
export function casesByNum(
  cases: readonly Case[],
): readonly (readonly [number, readonly Case[]])[] {
  return [...groupBy(cases, (item) => item.num)].sort(([left], [right]) => left - right);
}

function casesOfWorkload(results: readonly BenchmarkResult[]): readonly Case[] {
  const measured = results.filter((result) => result.skipped === undefined);
  const skipped = results.filter((result) => result.skipped !== undefined);
  // Where nothing was measured, the skipped engines are all there is to show.
  const cases = measuredCases(measured.length > 0 ? measured : skipped);
  return cases.map((item) => withSkipped(item, skipped, measured));
}

function measuredCases(results: readonly BenchmarkResult[]): readonly Case[] {
  const telling = tellingConditions(results);
  const variantOf = (result: BenchmarkResult) => variantText(conditionsOf(result), telling);
  return [...groupBy(results, variantOf)].flatMap(([variant, ofVariant]) =>
    [...groupBy(ofVariant, (result) => result.num)]
      .sort(([left], [right]) => left - right)
      .map(([num, ofNum]) => caseOf(ofNum, { num, variant })),
  );
}

function caseOf(
  results: readonly BenchmarkResult[],
  named: { num: number; variant: string },
): Case {
  const byEngine = new Map(results.map((result) => [result.engine, result]));
  return { workload: results[0]!.workload, ...named, byEngine };
}

/** A skipped engine may not have got as far as stating its conditions: it counts in every variant. */
function withSkipped(
  item: Case,
  skipped: readonly BenchmarkResult[],
  measured: readonly BenchmarkResult[],
): Case {
  const hasFigures = new Set(measured.map((result) => result.engine));
  const added = skipped.filter(
    (result) => result.num === item.num || !hasFigures.has(result.engine),
  );
  const byEngine = new Map(added.map((result) => [result.engine, result]));
  return { ...item, byEngine: new Map([...byEngine, ...item.byEngine]) };
}

/** Conditions that every result states, and that differ between results of one engine. */
function tellingConditions(results: readonly BenchmarkResult[]): readonly string[] {
  const all = results.map(conditionsOf);
  const names = [...new Set(all.flatMap((conditions) => [...conditions.keys()]))];
  const shared = names.filter((name) => all.every((conditions) => conditions.has(name)));
  return shared.filter((name) => differs(results, name) && isChosen(results, name));
}

function differs(results: readonly BenchmarkResult[], name: string): boolean {
  const perEngine = groupBy(results, (result) => `${result.engine} ${result.num}`);
  return [...perEngine.values()].some((ofEngine) => valuesOf(ofEngine, name).size > 1);
}

/**
 * Whether a condition was chosen, rather than found out, such as a number of bytes: what is chosen
 * is the same for several engines at least once.
 */
function isChosen(results: readonly BenchmarkResult[], name: string): boolean {
  const perEngine = [...groupBy(results, (result) => result.engine).values()];
  const values = perEngine.map((ofEngine) => valuesOf(ofEngine, name));
  if (values.length === 1) return true;
  return values.every((own) =>
    values.some((other) => other !== own && [...own].some((value) => other.has(value))),
  );
}

function valuesOf(results: readonly BenchmarkResult[], name: string): ReadonlySet<string> {
  return new Set(results.map((result) => conditionsOf(result).get(name)!));
}

function conditionsOf(result: BenchmarkResult): Conditions {
  const settings = Object.entries(result.settings).map(
    ([name, value]) => [name, `${settingName(name)} ${settingText(name, value)}`] as const,
  );
  return new Map([
    ['keySizeBytes', `${bytesText(result.keySizeBytes)} keys`],
    ['valueSizeBytes', `${bytesText(result.valueSizeBytes)} values`],
    ...settings,
  ]);
}

function variantText(conditions: Conditions, telling: readonly string[]): string {
  return telling.map((name) => conditions.get(name) ?? `${name}=?`).join(', ');
}

/** `'1 M entries'`. */
export function numText(num: number): string {
  return `${countText(num)} entries`;
}
