// The sections of plots. Each makes panels for one case; the page arranges them.

import { type Case, groupBy, numText, titleOf } from '../data/cases.js';
import { countText, isFigure } from '../data/numbers.js';
import { engineResultsOf, type ReportData } from '../data/report-data.js';
import { type Bar, drawBars } from '../plots/bars.js';
import { drawGrowth } from '../plots/growth.js';
import { drawLatency } from '../plots/latency.js';
import { drawTimeline } from '../plots/timeline.js';
import { Html, html } from './html.js';
import { METRICS, type Metric } from './metrics.js';

/** A section of the page. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  /** Whether panels need the width of half a page. */
  readonly width: 'narrow' | 'wide';
  /** What a case looks like; no panels if the engines could not tell. */
  panelsOf(item: Case, data: ReportData): readonly Html[];
}

/** All sections with one panel or more for each case, in the order of the page. */
export const SECTIONS: readonly Section[] = [
  {
    id: 'throughput',
    title: 'Throughput',
    note: 'Operations per second; longer is better. The bar is the median, the whisker reaches from the slowest to the fastest repetition, dots are repetitions.',
    width: 'narrow',
    panelsOf: (item, data) => [throughputPanel(item, data)],
  },
  {
    id: 'latency',
    title: 'Latency',
    note: 'Time of single operations (of whole batches where the workload writes batches) by percentile; lower is better. Each further nine of the percentile has the same width, and each line ends with the maximum. The latency axis is logarithmic.',
    width: 'narrow',
    panelsOf: (item, data) =>
      plotPanel(item, drawLatency(engineResultsOf(data, item), labelOf('Latency', item))),
  },
  {
    id: 'timeline',
    title: 'Throughput over time',
    note: 'One strip per engine. Its width is the engine’s whole run and its height its fastest interval, so strips show evenness and not speed. The triangle gives the longest time without any completed operation, placed at the slowest interval.',
    width: 'wide',
    panelsOf: (item, data) =>
      plotPanel(
        item,
        drawTimeline(engineResultsOf(data, item), labelOf('Throughput over time', item)),
      ),
  },
  ...METRICS.map(metricSection),
];

/** Throughput against the number of entries, for workloads measured with more than one. */
export function growthPanels(data: ReportData): readonly Html[] {
  return [...groupBy(data.cases, titleOf)].flatMap(([title, cases]) => {
    const growths = data.engines.map((engine) => ({
      engine,
      points: cases.flatMap((item) => {
        const result = item.byEngine.get(engine.name);
        return result === undefined || result.skipped !== undefined ? [] : [result];
      }),
    }));
    const drawn = drawGrowth(growths, `Throughput of ${title} by number of entries`);
    return drawn === null ? [] : [panel(html`${title}`, drawn)];
  });
}

function throughputPanel(item: Case, data: ReportData): Html {
  const bars = engineResultsOf(data, item)
    .filter(({ result }) => isFigure(result.opsPerSecond))
    .map(({ engine, result }) => ({
      engine,
      value: result.opsPerSecond,
      ...(result.opsPerSecondSpread.every(isFigure) ? { spread: result.opsPerSecondSpread } : {}),
      repetitions: result.repetitions.filter(isFigure),
    }));
  if (bars.length === 0) return panel(headingOf(item), 'No engine gave a figure.');
  return panel(
    headingOf(item),
    drawBars(bars, { label: labelOf('Throughput', item), format: countText }),
  );
}

function metricSection(metric: Metric): Section {
  const { id, title, note } = metric;
  const panelsOf = (item: Case, data: ReportData) => metricPanel(metric, { item, data });
  return { id, title, note, width: 'narrow', panelsOf };
}

function metricPanel(metric: Metric, { item, data }: { item: Case; data: ReportData }) {
  const bars = engineResultsOf(data, item).flatMap(({ engine, result }): Bar[] => {
    const value = metric.valueOf(result);
    return isFigure(value) ? [{ engine, value }] : [];
  });
  if (bars.length === 0) return [];
  return [
    panel(headingOf(item), drawBars(bars, { ...metric, label: labelOf(metric.title, item) })),
  ];
}

function plotPanel(item: Case, drawn: string | null): readonly Html[] {
  return drawn === null ? [] : [panel(headingOf(item), drawn)];
}

function panel(heading: Html, drawn: string): Html {
  return html`<figure class="panel"><h3>${heading}</h3>${new Html(drawn)}</figure>\n`;
}

function headingOf(item: Case): Html {
  const variant = item.variant === '' ? '' : `, ${item.variant}`;
  return html`${item.workload} <small>${numText(item.num)}${variant}</small>`;
}

function labelOf(what: string, item: Case): string {
  return `${what} of ${titleOf(item)}, ${numText(item.num)}`;
}
