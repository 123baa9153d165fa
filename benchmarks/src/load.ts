/**
 * Loads many entries in random order, waits until compaction has settled, reopens, and reads every entry back.
 *
 *   node benchmarks/dist/load.js [--num 10000000] [--budget-mib 256] [--durability os] [--directory PATH] [--json]
 *
 * Prints write and space amplification, memory, event-loop delay and the time to reopen; exits non-zero when an entry is
 * missing or wrong, a level is over its target, or a bar of the engine is not met.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { type Database, type Durability, type LevelStatistics, open } from '@varve/engine';
import { program } from '@varve/testkit/command-line';
import { progressPrinter } from '@varve/testkit/progress';
import { Option } from 'commander';
import { count } from './number-options.js';
import { KeyOrder, ValueSource, writeKey } from './random-entries.js';

const MIB = 1024 * 1024;
interface Words {
  readonly num: number;
  readonly budgetMib: number;
  readonly durability: Durability;
  readonly directory?: string;
  readonly json?: true;
  readonly readBack?: true;
}

const KEY_SIZE_BYTES = 16;
const VALUE_SIZE_BYTES = 100;
/** Puts issued before one is awaited: a loader with a window, not one write at a time. */
const WINDOW_PUT_COUNT = 64;
const DELAY_RESOLUTION_MS = 5;
/** Entries between two looks at the clock and at memory. */
const PROGRESS_PUT_COUNT = 65_536;

const words = program(
  'pnpm bench:load',
  'Loads many entries in random order, settles, reopens and reads every entry back.',
)
  .option(
    '--num <count>',
    'entries of 16 + 100 bytes; k and m may follow',
    count({ least: 1 }),
    1e7,
  )
  .option('--budget-mib <count>', 'memory budget, in MiB', count({ least: 1 }), 256)
  .addOption(
    new Option('--durability <level>', 'before a write is acknowledged')
      .choices(['always', 'interval', 'os', 'none'])
      .default('os'),
  )
  .option('--directory <path>', 'where the store is made and stays (a temporary one)')
  .option('--json', 'print a line of JSON')
  // Only reads back what an earlier run left in `--directory`; how that run restarts.
  .addOption(new Option('--read-back').hideHelp())
  .parse()
  .opts<Words>();
const entryCount = words.num;
const budgetBytes = words.budgetMib * MIB;
const directory = words.directory ?? mkdtempSync(join(tmpdir(), 'varve-load-'));
const options = {
  durability: words.durability,
  memoryBudgetBytes: budgetBytes,
  keyEncoding: 'binary',
  valueEncoding: 'binary',
} as const;

const sampler = setInterval(sampleMemory, 20);
let phase = 'load';
/** The most memory the process had in each phase. */
const peakRssMib: Record<string, number> = {};
const order = new KeyOrder(entryCount, 'random');

if (words.readBack) {
  await readBack();
  process.exit();
}
const db = await open(directory, { ...options, errorIfExists: true });
const loaded = await load(db);
phase = 'settle';
const settleMs = await timed(() => db.settle());
const stats = db.stats();
const closeMs = await timed(() => db.close());
clearInterval(sampler);
const restarted = restart();
const { openMs, readMs, levels } = restarted;
peakRssMib.read = restarted.peakRssMib;
if (words.directory === undefined) rmSync(directory, { recursive: true });

const userBytes = entryCount * (KEY_SIZE_BYTES + VALUE_SIZE_BYTES);
const tableBytes = levels.reduce((sum, level) => sum + level.sizeBytes, 0);
const overTarget = levels.filter(
  ({ level, sizeBytes, targetBytes }) =>
    level < 6 && targetBytes !== null && sizeBytes > targetBytes,
);
const result = {
  entryCount,
  loadSeconds: loaded.ms / 1000,
  entriesPerSecond: Math.round(entryCount / (loaded.ms / 1000)),
  settleSeconds: settleMs / 1000,
  writeAmplification: (stats.writes.flushedBytes + stats.writes.compactionWrittenBytes) / userBytes,
  spaceAmplification: tableBytes / userBytes,
  peakRssMib,
  rssOverBudgetMib: Math.max(...Object.values(peakRssMib)) - budgetBytes / MIB,
  eventLoopDelayMs: loaded.delayMs,
  closeMs,
  reopenMs: openMs,
  readMicrosecondsPerEntry: (readMs * 1000) / entryCount,
  stalls: stats.stalls,
  levels: levels.map(({ level, tableCount, sizeBytes, targetBytes }) => ({
    level,
    tableCount,
    sizeBytes,
    targetBytes,
  })),
};
console.log(words.json ? JSON.stringify(result) : result);

const failures = [
  overTarget.length > 0 && 'a level is over its target',
  result.spaceAmplification > 1.2 && 'space amplification is over 1.2',
  result.rssOverBudgetMib > 160 && 'memory is over budget + 160 MiB',
  result.eventLoopDelayMs.p99 > 20 && 'event-loop delay p99 is over 20 ms',
].filter((failure) => failure !== false);
// Standard output is one line of JSON, if that was asked for.
const tell = words.json ? console.error : console.log;
tell(
  failures.length === 0
    ? `verified: ${entryCount} entries written, all read back after reopening, every bar met`
    : `verified: ${entryCount} entries read back after reopening; NOT met: ${failures.join('; ')}`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

interface ReadBack {
  readonly openMs: number;
  readonly readMs: number;
  readonly peakRssMib: number;
  readonly levels: readonly LevelStatistics[];
}

/** Opens and reads the store in a new process, as after a restart. */
function restart(): ReadBack {
  const program = fileURLToPath(import.meta.url);
  const { num, budgetMib, durability } = words;
  const flags = ['--num', `${num}`, '--budget-mib', `${budgetMib}`, '--durability', durability];
  const output = execFileSync(
    process.execPath,
    [program, ...flags, '--directory', directory, '--read-back'],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return JSON.parse(output);
}

async function readBack(): Promise<void> {
  let reopened!: Database<Uint8Array, Uint8Array>;
  const openMs = await timed(async () => {
    reopened = await open(directory, options);
  });
  const readMs = await timed(async () => readAll(reopened));
  const levels = reopened.stats().keyspaces[0].levels.filter((level) => level.tableCount > 0);
  await reopened.close();
  const result: ReadBack = { openMs, readMs, levels, peakRssMib: peakRssMib.load };
  console.log(JSON.stringify(result));
}

async function load(
  target: Database<Uint8Array, Uint8Array>,
): Promise<{ ms: number; delayMs: { p50: number; p99: number; max: number } }> {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  const key = Buffer.alloc(KEY_SIZE_BYTES);
  const source = new ValueSource(VALUE_SIZE_BYTES);
  const showProgress = progressPrinter('loading', 'entries');
  delay.enable();
  const startMs = performance.now();
  let last = Promise.resolve();
  for (let index = 0; index < entryCount; index++) {
    last = target.put(writeKey(key, order.at(index)), source.next());
    if (index % WINDOW_PUT_COUNT === 0) await last;
    if (index % PROGRESS_PUT_COUNT === 0)
      showProgress({ doneCount: index, share: index / entryCount });
  }
  await last;
  const ms = performance.now() - startMs;
  delay.disable();
  const over = (nanoseconds: number): number =>
    Math.max(0, nanoseconds / 1e6 - DELAY_RESOLUTION_MS);
  return {
    ms,
    delayMs: {
      p50: over(delay.percentile(50)),
      p99: over(delay.percentile(99)),
      max: over(delay.max),
    },
  };
}

function readAll(source: Database<Uint8Array, Uint8Array>): void {
  const key = Buffer.alloc(KEY_SIZE_BYTES);
  const expected = new ValueSource(VALUE_SIZE_BYTES);
  const showProgress = progressPrinter('reading back', 'entries');
  for (let index = 0; index < entryCount; index++) {
    const value = source.getSync(writeKey(key, order.at(index)));
    if (value === undefined || expected.next().compare(value) !== 0) {
      console.error(`Entry ${order.at(index)} is ${value === undefined ? 'missing' : 'wrong'}`);
      process.exit(1);
    }
    if (index % PROGRESS_PUT_COUNT !== 0) continue;
    sampleMemory();
    showProgress({ doneCount: index, share: index / entryCount });
  }
}

function sampleMemory(): void {
  const rssMib = Math.round(process.memoryUsage.rss() / MIB);
  peakRssMib[phase] = Math.max(peakRssMib[phase] ?? 0, rssMib);
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await action();
  return performance.now() - startMs;
}
