// The head of the report: what was measured, where, when and how.

import { bytesText, countText } from '../data/numbers.js';
import type { ReportData } from '../data/report-data.js';
import { commonSettings, settingName, settingText } from '../data/settings.js';
import { type Html, html } from './html.js';

/** What the results themselves do not say. */
export interface ReportOptions {
  /** Heading; `'Varve benchmarks'` when missing. */
  readonly title?: string;
  /** When it was measured, as it shall be read. */
  readonly measuredAt?: string;
  /** The command that made the results; otherwise the setting `commandLine`, if there is one. */
  readonly commandLine?: string;
}

/** What stands above the first table. */
export function headerOf(data: ReportData, options: ReportOptions): Html {
  const common = commonSettings(data.results);
  const commandLine = options.commandLine ?? common.get('commandLine');
  const facts = [...workFacts(data, options), ...common].filter(([name]) => name !== 'commandLine');
  return html`<header>
<h1>${options.title ?? 'Varve benchmarks'}</h1>
<p>${summaryText(data)}</p>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${settingName(name)}</dt><dd>${settingText(name, value)}</dd></div>`)}</dl>
${commandLine === undefined ? null : html`<pre><code>${String(commandLine)}</code></pre>`}
${METHOD}
</header>`;
}

function summaryText({ results, engines }: ReportData): string {
  const workloadCount = new Set(results.map((result) => result.workload)).size;
  const engineNames = engines.map((engine) => engine.name).join(', ');
  if (results.length === 0) return 'The files hold no results.';
  return `${counted(workloadCount, 'workload')}, ${counted(engines.length, 'engine')}: ${engineNames}.`;
}

function workFacts({ results }: ReportData, { measuredAt }: ReportOptions) {
  const measured = results.filter((result) => result.skipped === undefined);
  const facts: [string, string][] = [
    [
      'entries',
      listText(
        measured.map(({ num }) => num),
        countText,
      ),
    ],
    [
      'key size',
      listText(
        measured.map(({ keySizeBytes }) => keySizeBytes),
        bytesText,
      ),
    ],
    [
      'value size',
      listText(
        measured.map(({ valueSizeBytes }) => valueSizeBytes),
        bytesText,
      ),
    ],
    [
      'repetitions',
      listText(
        measured.map(({ repetitions }) => repetitions.length),
        countText,
      ),
    ],
  ];
  return measuredAt === undefined
    ? facts
    : [['measured', measuredAt] as [string, string], ...facts];
}

function listText(values: readonly number[], format: (value: number) => string): string {
  const distinct = [...new Set(values)].sort((left, right) => left - right);
  return distinct.length === 0 ? '–' : distinct.map(format).join(', ');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const METHOD = html`<p class="note">Every repetition ran in a fresh process on a fresh directory, and
the repetitions of the engines were interleaved, so that a change of the machine's pace meets all of
them. Figures are medians over the repetitions; whiskers reach from the slowest to the fastest, and
each dot is one repetition. Where engines share a setting it is listed above, the state of the page
cache among them; what each engine was opened with is listed at the end. “Settled” figures include or
follow the end of background work such as compaction, “unsettled” ones do not wait for it. Processor
time and memory are those of the whole process with its threads.</p>`;
