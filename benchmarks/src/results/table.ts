/** One workload in the terminal: an engine per line, at most 120 columns wide. */
import CliTable from 'cli-table3';
import {
  formatCount,
  formatMebibytes,
  formatMicroseconds,
  formatRatio,
  threeDigits,
} from './format.js';
import type { BenchmarkResult } from './result.js';

/** The engine that others are compared with, when it ran; otherwise the first that has figures. */
const REFERENCE_ENGINE = 'varve-sync';
const FRAMES = ['top', 'bottom', 'left', 'right', 'mid'];
const NO_FRAME = Object.fromEntries(
  FRAMES.flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((corner) => [`${side}${corner}`, '']),
  ),
);
const HEADINGS = [
  'engine',
  'ops/s',
  'spread',
  'speed',
  'p50',
  'p99',
  'p99.9',
  'max',
  'cpu s',
  'RSS',
  'wr amp',
  'sp amp',
];

/** Colours of a terminal, or none. */
export interface TableStyle {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** The table of the results of one workload, with a heading. Requires: at least one result. */
export function renderWorkload(results: readonly BenchmarkResult[], style: TableStyle): string {
  const reference = referenceOf(results);
  const table = new CliTable({
    chars: { ...NO_FRAME, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: HEADINGS.map((_, index) => (index === 0 ? 'left' : 'right')),
    head: HEADINGS.map(style.dim),
  });
  table.push(...results.filter(hasFigures).map((result) => rowOf(result, reference)));
  const lines = [style.bold(titleOf(results[0])), ...(reference ? [table.toString()] : [])];
  return [...lines, ...footnotes(results, style)].join('\n').replace(/ +$/gm, '');
}

function rowOf(result: BenchmarkResult, reference: BenchmarkResult | undefined): string[] {
  const [least, most] = result.opsPerSecondSpread;
  const { latencyUs } = result;
  const latencies = latencyUs
    ? [latencyUs.p50, latencyUs.p99, latencyUs.p999, latencyUs.max].map(formatMicroseconds)
    : ['-', '-', '-', '-'];
  return [
    result.engine,
    formatCount(result.opsPerSecond),
    spreadText(result.opsPerSecond, [least, most]),
    `${threeDigits(result.opsPerSecond / (reference ?? result).opsPerSecond)}x`,
    ...latencies,
    threeDigits(result.cpuSeconds),
    formatMebibytes(result.peakRssBytes),
    formatRatio(result.writeAmplification),
    formatRatio(result.spaceAmplification),
  ];
}

/** How far the slowest and the fastest repetition are from the median. */
function spreadText(median: number, [least, most]: readonly [number, number]): string {
  const percent = (rate: number): string => Math.abs((rate / median - 1) * 100).toFixed(0);
  return `-${percent(least)} +${percent(most)} %`;
}

function titleOf({
  workload,
  num,
  keySizeBytes,
  valueSizeBytes,
  settings,
}: BenchmarkResult): string {
  const { durability, batchSize, writers } = settings;
  const parts = [
    `${formatCount(num)} entries of ${keySizeBytes} + ${valueSizeBytes} bytes`,
    `durability ${durability}`,
    ...(batchSize === 1 ? [] : [`batches of ${batchSize}`]),
    ...(writers === 1 ? [] : [`${writers} writers`]),
  ];
  return `${workload}: ${parts.join(', ')}`;
}

function footnotes(results: readonly BenchmarkResult[], style: TableStyle): string[] {
  const skipped = results
    .filter((result) => !hasFigures(result))
    .map(({ engine, skipped }) => `${engine} skipped: ${skipped}`);
  const cut = results
    .filter(({ settings }) => settings.isCutByDuration)
    .map(
      ({ engine, operationCount }) =>
        `${engine} was cut after ${formatCount(operationCount)} operations`,
    );
  const weaker = results
    .filter((result) => hasFigures(result) && durabilityOf(result) !== durabilityOf(results[0]))
    .map((result) => `${result.engine} ran with durability ${durabilityOf(result)}`);
  return [...skipped, ...cut, ...weaker].map((line) => style.dim(line.slice(0, 120)));
}

function durabilityOf({ settings }: BenchmarkResult): unknown {
  return settings.durability;
}

function referenceOf(results: readonly BenchmarkResult[]): BenchmarkResult | undefined {
  const measured = results.filter(hasFigures);
  return measured.find(({ engine }) => engine === REFERENCE_ENGINE) ?? measured[0];
}

function hasFigures({ skipped }: BenchmarkResult): boolean {
  return skipped === undefined;
}
