// What every part of the page is made from.

import type { BenchmarkResult } from '../../results/result.js';
import type { EngineResult } from '../plots/latency.js';
import { type Case, casesOf, groupBy } from './cases.js';
import { enginesOf, type ReportEngine } from './engines.js';

/** Results, grouped and ordered. */
export interface ReportData {
  readonly results: readonly BenchmarkResult[];
  readonly engines: readonly ReportEngine[];
  readonly cases: readonly Case[];
  /** Of each workload, the cases at the number of entries that the report is mainly about. */
  readonly mainCases: readonly Case[];
  /** All other cases. */
  readonly otherCases: readonly Case[];
}

/** Groups and orders results. */
export function reportDataOf(results: readonly BenchmarkResult[]): ReportData {
  const cases = casesOf(results);
  const main = new Set(
    [...groupBy(cases, (item) => item.workload).values()].flatMap(mainOf(cases)),
  );
  return {
    results,
    engines: enginesOf(results),
    cases,
    mainCases: cases.filter((item) => main.has(item)),
    otherCases: cases.filter((item) => !main.has(item)),
  };
}

/** The measured results of a case in the order of engines. */
export function engineResultsOf(data: ReportData, item: Case): readonly EngineResult[] {
  return data.engines.flatMap((engine) => {
    const result = item.byEngine.get(engine.name);
    return result === undefined || result.skipped !== undefined ? [] : [{ engine, result }];
  });
}

/** The number most workloads were measured with, or for a workload without it, its largest. */
function mainOf(cases: readonly Case[]) {
  const usual = usualNum(cases);
  return (ofWorkload: readonly Case[]) => {
    const nums = ofWorkload.map((item) => item.num);
    const num = nums.includes(usual) ? usual : Math.max(...nums);
    return ofWorkload.filter((item) => Object.is(item.num, num));
  };
}

function usualNum(cases: readonly Case[]): number {
  const byNum = [...groupBy(cases, (item) => item.num)];
  byNum.sort(([left, some], [right, others]) => others.length - some.length || right - left);
  return byNum[0]?.[0] ?? Number.NaN;
}
