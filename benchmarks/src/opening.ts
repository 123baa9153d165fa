/**
 * How long a database takes to open, and how much memory: after a process was killed that left 64 MiB in its log beside a
 * thousand tables, and after it was closed. Each opening is in a process of its own, with the files in the page cache.
 *
 *   node benchmarks/dist/opening.js [--tables 1000] [--log-mib 64] [--entries 0] [--json]
 *
 * With `--entries` also a clean store of so many entries and default sizes: 85 million are 10 GiB of keys and values. Exits
 * non-zero when a bar is missed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Database, type DatabaseOptions, open } from '@varve/engine';
import { program } from '@varve/testkit/command-line';
import { progressPrinter } from '@varve/testkit/progress';
import { Option } from 'commander';
import { peakRssBytes } from './measure/process-meter.js';
import { count } from './number-options.js';
import { KeyOrder, ValueSource, writeKey } from './random-entries.js';

type Bytes = Database<Uint8Array, Uint8Array>;

interface Words {
  readonly tables: number;
  readonly logMib: number;
  readonly entries: number;
  readonly json?: true;
  readonly phase?: 'killed' | 'clean' | 'open';
  readonly directory?: string;
}

/** What an opening took. */
interface Opening {
  readonly openMs: number;
  readonly peakRssMib: number;
  readonly tableCount: number;
  readonly entryCount: number;
}

const MIB = 1024 * 1024;
const ENTRY_SIZE_BYTES = 116;
const TABLE_SIZE_BYTES = 128 * 1024;
const BATCH_ENTRY_COUNT = 1000;
const BARS = { killedMs: 2000, killedRssMib: 256, cleanMs: 500 };

const words = program(
  'pnpm bench:opening',
  'How long a database takes to open, and how much memory.',
)
  .option('--tables <count>', 'beside the log of a killed process', count({ least: 1 }), 1000)
  .option('--log-mib <count>', 'in that log', count({ least: 1 }), 64)
  .option(
    '--entries <count>',
    'of another, clean store; k and m may follow',
    count({ least: 0 }),
    0,
  )
  .option('--json', 'print a line of JSON')
  .addOption(new Option('--phase <name>').hideHelp())
  .addOption(new Option('--directory <path>').hideHelp())
  .parse()
  .opts<Words>();

process.exitCode = words.phase === undefined ? main() : await runPhase(words.phase);

function main(): number {
  const { tables, logMib, entries } = words;
  const killed = measured(['--phase', 'killed', '--tables', `${tables}`, '--log-mib', `${logMib}`]);
  const clean = entries === 0 ? null : measured(['--phase', 'clean', '--entries', `${entries}`]);
  const result = { killed, clean };
  console.log(words.json ? JSON.stringify(result) : result);
  const missed = [
    killed.openMs > BARS.killedMs && `opening after a kill took over ${BARS.killedMs} ms`,
    killed.peakRssMib > BARS.killedRssMib && `it took over ${BARS.killedRssMib} MiB`,
    clean !== null &&
      clean.openMs > BARS.cleanMs &&
      `opening a clean store took over ${BARS.cleanMs} ms`,
  ].filter((bar) => bar !== false);
  // Standard output is one line of JSON, if that was asked for.
  const tell = words.json ? console.error : console.log;
  tell(missed.length === 0 ? 'every bar met' : `NOT met: ${missed.join('; ')}`);
  return missed.length === 0 ? 0 : 1;
}

/** Makes a store in one process and opens it in another. */
function measured(making: readonly string[]): Opening {
  const directory = mkdtempSync(join(tmpdir(), 'varve-opening-'));
  try {
    runSelf([...making, '--directory', directory]);
    return JSON.parse(runSelf(['--phase', 'open', '--directory', directory])) as Opening;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function runSelf(flags: readonly string[]): string {
  const self = [fileURLToPath(import.meta.url), ...flags];
  const { status, signal, stdout } = spawnSync(process.execPath, self, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status === 0 || signal === 'SIGKILL') return stdout;
  throw new Error(`A part of the measurement ended with ${status ?? signal}`);
}

async function runPhase(phase: 'killed' | 'clean' | 'open'): Promise<number> {
  if (phase === 'killed') await leaveKilled();
  else if (phase === 'clean') await leaveClean();
  else await tellOpening();
  return 0;
}

/** Small tables in key order, which are only moved; then a log. */
async function leaveKilled(): Promise<void> {
  const db = await openBytes({ tuning: { memtableSizeBytes: TABLE_SIZE_BYTES } });
  const entryCount = Math.ceil((words.tables * TABLE_SIZE_BYTES) / ENTRY_SIZE_BYTES);
  await fill(db, entryCount, { order: 'sequential', what: 'tables' });
  await db.close();
  // A memtable that is not full, whatever the log takes.
  const again = await openBytes({
    memoryBudgetBytes: 16 * words.logMib * MIB,
    tuning: { memtableSizeBytes: 2 * words.logMib * MIB },
  });
  const loggedCount = Math.floor((words.logMib * MIB) / ENTRY_SIZE_BYTES);
  await fill(again, loggedCount, { order: 'random', what: 'a log' });
  process.kill(process.pid, 'SIGKILL');
}

async function leaveClean(): Promise<void> {
  const db = await openBytes({});
  await fill(db, words.entries, { order: 'sequential', what: 'a store' });
  await db.close();
}

async function tellOpening(): Promise<void> {
  const startMs = performance.now();
  const db = await openBytes({});
  const openMs = Math.round(performance.now() - startMs);
  const peakRssMib = Math.round(peakRssBytes() / MIB);
  const { tables, keyspaces } = db.stats();
  await db.close();
  const opening = { openMs, peakRssMib, tableCount: tables.count };
  console.log(JSON.stringify({ ...opening, entryCount: keyspaces[0]!.entryCount }));
}

function openBytes(options: DatabaseOptions): Promise<Bytes> {
  const encodings = { keyEncoding: 'binary', valueEncoding: 'binary' } as const;
  return open(words.directory!, { durability: 'os', ...encodings, ...options }) as Promise<Bytes>;
}

async function fill(
  db: Bytes,
  entryCount: number,
  { order, what }: { readonly order: 'sequential' | 'random'; readonly what: string },
): Promise<void> {
  const keys = new KeyOrder(entryCount, order);
  const values = new ValueSource(ENTRY_SIZE_BYTES - 16);
  const showProgress = progressPrinter(`making ${what}`, 'entries');
  for (let start = 0; start < entryCount; start += BATCH_ENTRY_COUNT) {
    const batch = Array.from(
      { length: Math.min(BATCH_ENTRY_COUNT, entryCount - start) },
      (_, index) => ({
        type: 'put' as const,
        key: writeKey(Buffer.alloc(16), keys.at(start + index)),
        value: Buffer.from(values.next()),
      }),
    );
    await db.batch(batch);
    showProgress({ doneCount: start, share: start / entryCount });
  }
}
