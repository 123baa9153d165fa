/**
 * Latency of puts under a load that can go on for ever: random keys at a share of the rate at which the engine settles.
 *
 *   node benchmarks/dist/sustained.js [--num 5000000] [--seconds 60] [--share 0.8] [--budget-mib 256] [--json]
 *
 * First fills `--num` entries as fast as it goes and waits for compaction: entries over that time is the settled rate. Then
 * puts at `--share` of it. A put is due at its place on the clock and counts from there, so a stall counts for every put
 * that should have been made meanwhile. Exits non-zero when a bar is missed.
 *
 * `pnpm bench:sustained` runs it with `--single-threaded-gc`, as docs/guide/runtimes.md recommends where pauses count.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Database, open } from '@varve/engine';
import { program } from '@varve/testkit/command-line';
import { progressPrinter } from '@varve/testkit/progress';
import { build, type Histogram } from 'hdr-histogram-js';
import { peakRssBytes } from './measure/process-meter.js';
import { count, share } from './number-options.js';
import { KeyOrder, ValueSource, writeKey } from './random-entries.js';

const MIB = 1024 * 1024;
const DELAY_RESOLUTION_MS = 5;
/** Puts between two turns of the event loop, so that timers and background work are served as in an application. */
const PUTS_PER_TURN_MAX = 256;
const HIGHEST_MICROSECONDS = 3600e6;
const BARS = { p999Ms: 10, longestMs: 100, delayP99Ms: 10, rssOverBudgetMib: 128 };

/** What the process was started with: a flag for the garbage collector changes the pauses. */
const nodeFlags = process.execArgv;

interface Words {
  readonly num: number;
  readonly seconds: number;
  readonly share: number;
  readonly budgetMib: number;
  readonly json?: true;
}

type Bytes = Database<Uint8Array, Uint8Array>;

const words = program(
  'pnpm bench:sustained',
  'Latency of puts at a share of the rate at which the store settles.',
)
  .option('--num <count>', 'entries filled first; k and m may follow', count({ least: 1 }), 5e6)
  .option('--seconds <count>', 'how long puts are made at that share', count({ least: 1 }), 60)
  .option('--share <share>', 'of the settled rate, 0 to 1', share, 0.8)
  .option('--budget-mib <count>', 'memory budget, in MiB', count({ least: 1 }), 256)
  .option('--json', 'print a line of JSON')
  .parse()
  .opts<Words>();
const entryCount = words.num;
const budgetBytes = words.budgetMib * MIB;
const key = Buffer.alloc(16);
const values = new ValueSource(100);
const order = new KeyOrder(entryCount, 'random');

const directory = mkdtempSync(join(tmpdir(), 'varve-sustained-'));
try {
  await main();
} finally {
  rmSync(directory, { recursive: true });
}

async function main(): Promise<void> {
  const db = await open(directory, {
    keyEncoding: 'binary',
    valueEncoding: 'binary',
    durability: 'os',
    memoryBudgetBytes: budgetBytes,
  });
  const settledRate = await fillUntilSettled(db);
  const rate = settledRate * words.share;
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  const { histogram, putCount } = await putAtRate(db, rate);
  delay.disable();
  const { stalls } = db.stats();
  await db.close();
  report({
    nodeFlags,
    settledRate: Math.round(settledRate),
    rate: Math.round(rate),
    putCount,
    putLatencyMs: latenciesMs(histogram),
    eventLoopDelayMs: { p50: delayMs(delay.percentile(50)), p99: delayMs(delay.percentile(99)) },
    rssOverBudgetMib: (peakRssBytes() - budgetBytes) / MIB,
    stalls,
  });
}

async function fillUntilSettled(db: Bytes): Promise<number> {
  const showProgress = progressPrinter('filling', 'entries');
  const startMs = performance.now();
  for (let index = 0; index < entryCount; index++) {
    db.putSync(writeKey(key, order.at(index)), values.next());
    if (index % PUTS_PER_TURN_MAX !== 0) continue;
    showProgress({ doneCount: index, share: index / entryCount });
    await turn();
  }
  await db.settle();
  return entryCount / ((performance.now() - startMs) / 1000);
}

interface Paced {
  readonly histogram: Histogram;
  readonly putCount: number;
}

/** Overwrites in another random order. */
async function putAtRate(db: Bytes, rate: number): Promise<Paced> {
  const histogram = build({ highestTrackableValue: HIGHEST_MICROSECONDS });
  const putCount = Math.round(rate * words.seconds);
  const showProgress = progressPrinter('putting', 'puts');
  const startMs = performance.now();
  let index = 0;
  while (index < putCount) {
    const dueCount = Math.min(putCount, ((performance.now() - startMs) / 1000) * rate);
    const turnEnd = Math.min(dueCount, index + PUTS_PER_TURN_MAX);
    while (index < turnEnd) {
      const dueMs = startMs + (index * 1000) / rate;
      db.putSync(writeKey(key, order.at(entryCount - 1 - (index % entryCount))), values.next());
      index += 1;
      histogram.recordValue(Math.max(1, Math.round((performance.now() - dueMs) * 1000)));
    }
    showProgress({ doneCount: index, share: index / putCount });
    await turn();
  }
  return { histogram, putCount };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function latenciesMs(histogram: Histogram): Record<string, number> {
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  return { p50: at(50), p99: at(99), p999: at(99.9), p9999: at(99.99), longest: at(100) };
}

function delayMs(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - DELAY_RESOLUTION_MS);
}

interface Report {
  readonly settledRate: number;
  readonly rate: number;
  readonly putCount: number;
  readonly putLatencyMs: Record<string, number>;
  readonly eventLoopDelayMs: { readonly p50: number; readonly p99: number };
  readonly nodeFlags: readonly string[];
  readonly rssOverBudgetMib: number;
  /** Why writers waited, how often and how long, over both parts. */
  readonly stalls: unknown;
}

function report(result: Report): void {
  console.log(words.json ? JSON.stringify(result) : result);
  const { putLatencyMs, eventLoopDelayMs, rssOverBudgetMib } = result;
  const missed = [
    putLatencyMs.p999! > BARS.p999Ms && `put p99.9 is over ${BARS.p999Ms} ms`,
    putLatencyMs.longest! > BARS.longestMs && `a put took over ${BARS.longestMs} ms`,
    eventLoopDelayMs.p99 > BARS.delayP99Ms && `event-loop delay p99 is over ${BARS.delayP99Ms} ms`,
    rssOverBudgetMib > BARS.rssOverBudgetMib &&
      `memory is over budget + ${BARS.rssOverBudgetMib} MiB`,
  ].filter((bar) => bar !== false);
  // Standard output is one line of JSON, if that was asked for.
  const tell = words.json ? console.error : console.log;
  tell(missed.length === 0 ? 'every bar met' : `NOT met: ${missed.join('; ')}`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}
