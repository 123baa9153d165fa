// What the main job shows: answers, checks, the tree, and the one line at the end.

import type { DatabaseStatistics, VerifyReport } from '../store/engine-api.js';
import type { Terminal } from '../terminal/terminal.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatQuantity,
  formatRatio,
} from '../text/numbers.js';
import { renderFacts } from '../text/table.js';
import { drawKeyspaces, drawLevels, lookupTableCount } from '../text/tree-drawing.js';
import type { Answer } from './answers.js';
import type { CheckResult } from './checks.js';
import { renderCities } from './city-table.js';

/** Everything the job found out; what `--json` prints. */
export interface JobResult {
  readonly directory: string;
  readonly cityCount: number;
  readonly entryCount: number;
  readonly timesMs: Readonly<Record<string, number>>;
  readonly answers: readonly Answer[];
  readonly checks: readonly CheckResult[];
  /** Taken when everything was ingested and compaction had nothing left to do. */
  readonly ingested: DatabaseStatistics;
  /** What reading all files between closing and opening again found. */
  readonly verified: VerifyReport;
  /** Taken after opening the store again. */
  readonly reopened: DatabaseStatistics;
  readonly totalMs: number;
}

/** An answer: the question, the first of the cities found, what it cost. */
export function renderAnswer(answer: Answer, terminal: Terminal): string {
  const palette = terminal.outputPalette;
  const { cities, elapsedMs, entriesRead, isRight, question } = answer;
  const found = `${formatQuantity(cities.length, 'city')} found among ${formatQuantity(entriesRead, 'entry')} read in ${formatDuration(elapsedMs)}`;
  const verdict = isRight
    ? palette.good('✓ as in the source')
    : palette.bad('✗ not as in the source');
  const { shownCount } = question;
  return [
    palette.heading(question.text),
    `${palette.quiet(found)}  ${verdict}`,
    renderCities(cities, { shownCount, palette }),
    ...(cities.length > shownCount
      ? [palette.quiet(`… ${formatCount(cities.length - shownCount)} more`)]
      : []),
    '',
  ].join('\n');
}

/** The tree and what it cost to build. */
export function renderTree(result: JobResult, terminal: Terminal): string {
  const { outputPalette: palette, widthColumns } = terminal;
  const { ingested, reopened } = result;
  const keyspaces = reopened.keyspaces.filter((keyspace) => keyspace.entryCount > 0);
  return [
    drawLevels(keyspaces, { palette, widthColumns }),
    '',
    drawKeyspaces(keyspaces, palette),
    '',
    renderFacts([...sizeFacts(result), ...costFacts(ingested)], palette),
    '',
  ].join('\n');
}

/** What differs from the source, a line each; empty when nothing does. */
export function problemsOf(result: JobResult): readonly string[] {
  const wrongAnswers = result.answers
    .filter((answer) => !answer.isRight)
    .map((answer) => `The answer to "${answer.question.text}" is not that of the source`);
  const differences = result.checks.flatMap(({ name, problems }) =>
    problems.map((problem) => `${name} ${problem}`),
  );
  const damage = result.verified.damage.map((error) => error.message);
  return [...wrongAnswers, ...differences, ...damage];
}

/** The line the job ends with when all is well. */
export function verifiedLine(result: JobResult): string {
  const { answers, checks, cityCount, entryCount, totalMs, verified } = result;
  return [
    `Verified: ${formatQuantity(cityCount, 'record')} and ${checks.length - 1} orderings of them`,
    `(${formatQuantity(entryCount, 'entry')} in ${checks.length} keyspaces) equal the source after a restart,`,
    `${answers.length} of ${answers.length} answers are right,`,
    `${formatQuantity(verified.tableCount, 'table')} without damage; ${formatDuration(totalMs)}`,
  ].join(' ');
}

/** The result as JSON: figures and verdicts, without the cities of the answers. */
export function toJson(result: JobResult): string {
  const answers = result.answers.map(({ cities, elapsedMs, entriesRead, isRight, question }) => ({
    question: question.text,
    cityCount: cities.length,
    entriesRead,
    elapsedMs,
    isRight,
  }));
  const { damage, ...verified } = result.verified;
  const problems = problemsOf(result);
  return JSON.stringify({ ...result, answers, verified, problems });
}

function sizeFacts(result: JobResult): (readonly [string, string])[] {
  const { keyspaces, tables } = result.reopened;
  const rawBytes = keyspaces.reduce((sum, keyspace) => sum + keyspace.rawBytes, 0);
  const entryCount = keyspaces.reduce((sum, keyspace) => sum + keyspace.entryCount, 0);
  return [
    ['on disk', `${formatBytes(tables.sizeBytes)} in ${formatQuantity(tables.count, 'table')}`],
    [
      'space amplification',
      `${formatRatio(entryCount / result.entryCount)} entries in tables per entry`,
    ],
    [
      'size',
      `${formatRatio(tables.sizeBytes / rawBytes)} of the ${formatBytes(rawBytes)} of keys and values`,
    ],
    ['a lookup touches', `at most ${formatQuantity(lookupTableCount(keyspaces), 'table')}`],
  ];
}

function costFacts(ingested: DatabaseStatistics): (readonly [string, string])[] {
  const { amplification, compactionCount, flushCount, moveCount } = ingested.writes;
  const stallMs = Object.values(ingested.stalls.durationsMs).reduce((sum, ms) => sum + ms, 0);
  return [
    [
      'write amplification',
      `${formatRatio(amplification ?? undefined)} table bytes written per byte ingested`,
    ],
    [
      'background work',
      `${formatQuantity(flushCount, 'flush')}, ${formatQuantity(compactionCount, 'compaction')}, ${formatQuantity(moveCount, 'move')}; writers waited ${formatDuration(stallMs)}`,
    ],
  ];
}
