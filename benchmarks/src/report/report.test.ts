import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { BenchmarkResult } from '../results/result.js';
import { type ReportOptions, renderReport, writeReport } from './report.js';
import { emptyResult, sampleResults, skippedResult } from './testing/sample-results.js';

const SECTIONS = [
  'summary',
  'throughput',
  'growth',
  'latency',
  'timeline',
  'write-amplification',
  'read-amplification',
  'space-amplification',
  'processor',
  'memory',
  'event-loop',
  'figures',
  'settings',
];
const sample = sampleResults([100_000, 1_000_000]);

/** What the tests ask of elements; linkedom's own types need the types of a browser. */
interface Parsed {
  readonly id: string;
  readonly textContent: string;
  getAttribute(name: string): string;
  querySelector(selector: string): Parsed | null;
  querySelectorAll(selector: string): Iterable<Parsed>;
}

function pageOf(results: readonly BenchmarkResult[], options: ReportOptions = {}): Parsed {
  return parseHTML(renderReport(results, options)).document as unknown as Parsed;
}

const textsOf = (page: Parsed, selector: string) =>
  [...page.querySelectorAll(selector)].map((element) => element.textContent);
const idsOf = (page: Parsed) => [...page.querySelectorAll('section')].map(({ id }) => id);

describe('renderReport()', () => {
  test('has all sections, and its list of contents leads to them', () => {
    const page = pageOf(sample);
    const links = [...page.querySelectorAll('nav a')].map((link) => link.getAttribute('href'));

    expect(idsOf(page)).toEqual(SECTIONS);
    expect(links).toEqual(SECTIONS.map((id) => `#${id}`));
  });

  test('asks for nothing outside the file', () => {
    const text = renderReport(sample);

    expect(text).not.toMatch(/\b(src|href|action)\s*=\s*["']?\s*(https?:|\/\/|data:)/i);
    expect(text).not.toMatch(/@import|url\(|<script|<link|<iframe/i);
  });

  test('names every engine in the legend, in the summary and in every panel it has a figure for', () => {
    const page = pageOf(sample);
    const engines = [...new Set(sample.map((result) => result.engine))];
    const panel = page.querySelector('#throughput .panel')!;

    expect(
      textsOf(page, '.legend label')
        .map((text) => text.trim())
        .sort(),
    ).toEqual(engines.toSorted());
    expect(textsOf(page, '#summary thead th').slice(1, engines.length + 1)).toEqual(
      textsOf(page, '.legend label span'),
    );
    for (const engine of engines) expect(panel.textContent).toContain(engine);
  });

  test('gives the ratio of Varve to each engine', () => {
    const at = (engine: string, opsPerSecond: number) => ({
      ...emptyResult(engine),
      opsPerSecond,
      opsPerSecondSpread: [opsPerSecond, opsPerSecond] as const,
    });
    const page = pageOf([
      at('varve-sync', 300),
      at('lmdb', 100),
      at('db_bench', 400),
      at('other', 300),
    ]);

    expect(textsOf(page, '#summary .ratio.better')).toEqual(['3.00×']);
    expect(textsOf(page, '#summary .ratio.worse')).toEqual(['0.75×']);
    expect(textsOf(page, '#summary .ratio.even')).toEqual(['1.00×']);
    expect(textsOf(page, '#summary td.best b')).toEqual(['400']);
  });

  test('leaves out what no engine could tell', () => {
    const page = pageOf([{ ...emptyResult('varve-sync'), cpuSeconds: Number.NaN }]);

    expect(idsOf(page)).toEqual(['summary', 'throughput', 'memory', 'figures', 'settings']);
  });

  test.each(
    Object.keys(sample[0]!).filter((name) => !['workload', 'engine', 'settings'].includes(name)),
  )('can do without %s', (name) => {
    const isList = ['repetitions', 'opsPerSecondSpread'].includes(name);
    const isNumber = typeof sample[0]![name as keyof BenchmarkResult] === 'number';
    const spread = name === 'repetitions' ? [] : [Number.NaN, Number.NaN];
    const value = isList ? spread : isNumber ? Number.NaN : null;
    const results = sample.slice(0, 12).map((result) => ({ ...result, [name]: value }));

    const text = renderReport(results as BenchmarkResult[]);

    expect(text).toContain('</html>');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('shows odd figures without failing', () => {
    const odd: BenchmarkResult = {
      ...emptyResult('varve-sync'),
      opsPerSecond: 1e-9,
      latencyCurve: [
        [100, 0],
        [50, 3],
        [-1, 2],
      ],
      timeline: [
        [0, 0],
        [0, 5],
      ],
      longestPauseMs: 5000,
      eventLoopDelayMs: { p50: 0, p99: 0 },
    };
    const single = { ...emptyResult('lmdb'), timeline: [[0.1, 5] as const], latencyCurve: [] };

    expect(renderReport([odd, single])).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('says why an engine was skipped', () => {
    const page = pageOf([
      emptyResult('varve-sync'),
      skippedResult('rocksdb-node', 'not <installed>'),
    ]);

    expect(textsOf(page, '#settings td').join()).toContain('not <installed>');
    expect(page.querySelector('#summary td[title="not <installed>"]')!.textContent).toBe('skipped');
  });

  test('shows results of skipped engines only, and no results at all', () => {
    expect(idsOf(pageOf([skippedResult('lmdb', 'not installed')]))).toContain('summary');
    expect(textsOf(pageOf([]), 'header p')).toContain('The files hold no results.');
  });

  test('escapes what it is given', () => {
    const evil = '<img src=x onerror="alert(1)">&\'</style></title>';
    const result = { ...sample[0]!, engine: evil, workload: evil, settings: { [evil]: evil } };
    const page = pageOf([result, { ...result, ...skippedResult(`${evil}2`, evil) }], {
      title: evil,
      measuredAt: evil,
      commandLine: evil,
    });

    expect([...page.querySelectorAll('img')]).toEqual([]);
    expect(textsOf(page, 'h1')).toEqual([evil]);
    expect(textsOf(page, 'thead th')).toContain(evil);
  });

  test('states when and how it was measured', () => {
    const page = pageOf(sample, { measuredAt: 'in May', commandLine: 'pnpm bench --num 5' });

    expect(textsOf(page, 'header dd')).toContain('in May');
    expect(textsOf(page, 'header code')).toEqual(['pnpm bench --num 5']);
    expect(textsOf(page, 'header dd')).toContain('Example processor, 2.4 GHz');
  });

  test('gives every engine one colour, and no two the same', () => {
    const text = renderReport(sample);
    const colours = [...text.matchAll(/--engine-\d+: (#\w+);/g)].map(([, colour]) => colour);

    expect(new Set(colours).size).toBe(colours.length);
    expect(colours.length).toBe(16); // eight engines, on a light and on a dark page
  });
});

describe('writeReport()', () => {
  test('writes the page to a file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'report-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, 'report.html');

    await writeReport(sample.slice(0, 3), file, { title: 'Title' });

    expect(await readFile(file, 'utf8')).toBe(renderReport(sample.slice(0, 3), { title: 'Title' }));
  });
});
