// The tables at the end: every figure, every setting, every engine that was skipped and why.

import type { BenchmarkResult } from '../../results/result.js';
import { numText, titleOf } from '../data/cases.js';
import type { ReportEngine } from '../data/engines.js';
import {
  bytesText,
  countText,
  figureText,
  microsecondsText,
  millisecondsText,
  secondsText,
} from '../data/numbers.js';
import { engineResultsOf, type ReportData } from '../data/report-data.js';
import { ownSettings, settingName, settingText } from '../data/settings.js';
import { type Html, html } from './html.js';

const COLUMNS: readonly (readonly [string, (result: BenchmarkResult) => string])[] = [
  ['ops/s', (result) => countText(result.opsPerSecond)],
  ['slowest', (result) => countText(result.opsPerSecondSpread[0])],
  ['fastest', (result) => countText(result.opsPerSecondSpread[1])],
  ['p50', (result) => microsecondsText(result.latencyUs?.p50 ?? null)],
  ['p99', (result) => microsecondsText(result.latencyUs?.p99 ?? null)],
  ['p99.9', (result) => microsecondsText(result.latencyUs?.p999 ?? null)],
  ['max', (result) => microsecondsText(result.latencyUs?.max ?? null)],
  ['longest pause', (result) => millisecondsText(result.longestPauseMs)],
  ['processor', (result) => secondsText(result.cpuSeconds)],
  ['peak memory', (result) => bytesText(result.peakRssBytes)],
  ['write amp.', (result) => figureText(result.writeAmplification)],
  ['read amp.', (result) => figureText(result.readAmplification)],
  ['space amp.', (result) => figureText(result.spaceAmplification)],
  ['loop p50', (result) => millisecondsText(result.eventLoopDelayMs?.p50 ?? null)],
  ['loop p99', (result) => millisecondsText(result.eventLoopDelayMs?.p99 ?? null)],
];

/** Every figure of every result, collapsed. */
export function figuresTable(data: ReportData): Html {
  const rows = data.cases.flatMap((item) =>
    engineResultsOf(data, item).map(
      ({
        engine,
        result,
      }) => html`<tr class="engine-${engine.index}"><th scope="row">${titleOf(item)}</th>
<td>${numText(item.num)}</td><td class="left${engine.isVarve ? ' varve' : ''}">${engine.name}</td>
${COLUMNS.map(([, format]) => html`<td>${format(result)}</td>`)}</tr>`,
    ),
  );
  return html`<details><summary>${rows.length} results</summary>
<div class="scroll"><table><thead><tr><th class="left" scope="col">workload</th><th scope="col">num</th>
<th class="left" scope="col">engine</th>${COLUMNS.map(([name]) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div></details>`;
}

/** What each engine was opened with, collapsed, and which engines gave no figures. */
export function settingsTables(data: ReportData): Html {
  return html`<p class="note">Settings that are the same for everything stand at the top of the page. Several values
are those of different workloads.</p>
${skippedTable(data)}
${data.engines.map((engine) => settingsOf(engine, data))}`;
}

function settingsOf({ name, isVarve }: ReportEngine, { results }: ReportData): Html {
  const settings = [...ownSettings(results, name)];
  return html`<details><summary class="${isVarve ? 'varve' : ''}">${name} <small>${settings.length} settings</small></summary>
<div class="scroll"><table><tbody>${settings.map(
    ([setting, values]) =>
      html`<tr><th scope="row">${settingName(setting)}</th><td class="wrap">${values.map((value) => settingText(setting, value)).join(', ')}</td></tr>`,
  )}</tbody></table></div></details>`;
}

function skippedTable({ results }: ReportData): Html | null {
  const skipped = results.filter((result) => result.skipped !== undefined);
  if (skipped.length === 0) return null;
  return html`<div class="scroll"><table><caption class="left">Skipped</caption><thead><tr><th class="left" scope="col">engine</th>
<th class="left" scope="col">workloads</th><th class="left" scope="col">reason</th></tr></thead>
<tbody>${byReason(skipped).map(
    ([{ engine, skipped: reason }, workloads]) =>
      html`<tr><th scope="row">${engine}</th><td class="wrap">${workloads.join(', ')}</td><td class="wrap">${reason}</td></tr>`,
  )}</tbody></table></div>`;
}

/** One line for an engine that was skipped everywhere for the same reason. */
function byReason(skipped: readonly BenchmarkResult[]) {
  const groups = new Map<string, readonly [BenchmarkResult, string[]]>();
  for (const result of skipped) {
    const key = `${result.engine}\n${result.skipped}`;
    const group = groups.get(key) ?? ([result, []] as const);
    if (!group[1].includes(result.workload)) group[1].push(result.workload);
    groups.set(key, group);
  }
  return [...groups.values()];
}
