// The matrix of workloads and engines, with Varve's ratio to each.

import type { BenchmarkResult } from '../../results/result.js';
import { type Case, casesByNum, numText } from '../data/cases.js';
import type { ReportEngine } from '../data/engines.js';
import { countText, isFigure, ratioText } from '../data/numbers.js';
import type { ReportData } from '../data/report-data.js';
import { type Html, html } from './html.js';

/** The table that answers who is ahead. */
export function summaryOf(data: ReportData): Html {
  return html`<p class="note">Operations per second, median. Below each figure stands how many times as fast Varve
is: ${ratioLegend(data)}. A ratio is grey where the spreads of the two overlap, so that the difference
may be chance. The fastest engine of a row is underlined.</p>
${tableOf(data.mainCases, data)}
${casesByNum(data.otherCases).map(
  ([num, cases]) =>
    html`<details><summary>At ${numText(num)}</summary>${tableOf(cases, data)}</details>`,
)}`;
}

function tableOf(cases: readonly Case[], data: ReportData): Html {
  return html`<div class="scroll"><table>
<thead><tr><th class="left" scope="col">workload</th>${data.engines.map(columnHead)}</tr></thead>
<tbody>${cases.map((item) => rowOf(item, data))}</tbody>
</table></div>`;
}

function columnHead({ name, index, paint, isVarve }: ReportEngine): Html {
  return html`<th scope="col" class="engine-${index}${isVarve ? ' varve' : ''}"><i
 style="background: ${paint}"></i>${name}</th>`;
}

function ratioLegend({ engines }: ReportData): Html | string {
  const names = engines.filter((engine) => engine.isVarve).map(({ name }) => name);
  if (names.length < 2) return 'blue where Varve is ahead, orange where it is behind';
  return html`one line each for ${names.join(' and ')}, blue where Varve is ahead, orange where it is behind`;
}

function rowOf(item: Case, data: ReportData): Html {
  const fastest = Math.max(...[...item.byEngine.values()].map(speedOf));
  const cells = data.engines.map((engine) => cellOf(engine, item, { data, fastest }));
  const detail = [numText(item.num), item.variant].filter((text) => text !== '').join(', ');
  return html`<tr><th scope="row">${item.workload}<small>${detail}</small></th>${cells}</tr>`;
}

interface Row {
  readonly data: ReportData;
  readonly fastest: number;
}

function cellOf(engine: ReportEngine, item: Case, { data, fastest }: Row): Html {
  const result = item.byEngine.get(engine.name);
  if (result === undefined) return html`<td class="none engine-${engine.index}">–</td>`;
  if (result.skipped !== undefined) {
    return html`<td class="none engine-${engine.index}" title="${result.skipped}">skipped</td>`;
  }
  const classes = [`engine-${engine.index}`, engine.isVarve ? 'varve' : ''];
  if (speedOf(result) === fastest) classes.push('best');
  const ratios = engine.isVarve ? [] : ratiosTo(result, item, data);
  return html`<td class="${classes.join(' ')}" title="${spreadText(result)}"><b>${countText(result.opsPerSecond)}</b>${ratios}</td>`;
}

function spreadText({ engine, opsPerSecondSpread: [slowest, fastest] }: BenchmarkResult): string {
  return `${engine}: ${countText(slowest)} to ${countText(fastest)} ops/s`;
}

function ratiosTo(peer: BenchmarkResult, item: Case, data: ReportData): readonly Html[] {
  const own = data.engines.filter((engine) => engine.isVarve);
  return own.flatMap(({ name }) => {
    const result = item.byEngine.get(name);
    if (result === undefined || result.skipped !== undefined) return [];
    const label = own.length > 1 ? `${name.replace(/^varve-?/, '')} ` : '';
    return [ratioOf(result, { peer, label })];
  });
}

function ratioOf(
  result: BenchmarkResult,
  { peer, label }: { peer: BenchmarkResult; label: string },
) {
  const ratio = result.opsPerSecond / peer.opsPerSecond;
  if (!isFigure(ratio)) return html``;
  const kind = overlap(result, peer) ? 'even' : ratio > 1 ? 'better' : 'worse';
  const depth = Math.min(0.5, 0.14 + 0.26 * Math.abs(Math.log10(ratio || 0.001))).toFixed(2);
  const note = `${result.engine} does ${ratioText(ratio)} the operations of ${peer.engine}`;
  return html`<span class="ratio ${kind}" style="--depth: ${depth}" title="${note}">${label}${ratioText(ratio)}</span>`;
}

function overlap(left: BenchmarkResult, right: BenchmarkResult): boolean {
  const [leftSlowest, leftFastest] = left.opsPerSecondSpread;
  const [rightSlowest, rightFastest] = right.opsPerSecondSpread;
  return leftSlowest <= rightFastest && rightSlowest <= leftFastest;
}

function speedOf(result: BenchmarkResult): number {
  return isFigure(result.opsPerSecond) ? result.opsPerSecond : 0;
}
