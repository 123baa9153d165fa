/**
 * What each operation costs, next to its budget: one process, one million entries of 16 + 100 bytes, everything cached.
 *
 *   node benchmarks/dist/operation-costs.js [--num 1000000] [--json]
 *
 * Every figure is the median of several passes. Durable puts are compared with a bare overwrite and fdatasync measured in
 * the same run, turn by turn.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, open, type TuningOptions } from '@varve/engine';
import { program } from '@varve/testkit/command-line';
import { progressPrinter } from '@varve/testkit/progress';
import { count } from './number-options.js';
import { KeyOrder, ValueSource, writeKey } from './random-entries.js';

const words = program(
  'pnpm bench:costs',
  'What each operation costs, next to its budget; everything cached.',
)
  .option(
    '--num <count>',
    'entries of 16 + 100 bytes; k and m may follow',
    count({ least: 1 }),
    1e6,
  )
  .option('--json', 'print JSON')
  .parse()
  .opts<{ num: number; json?: true }>();
const entryCount = words.num;
const PASS_COUNT = 5;
const BACKGROUND_PASS_COUNT = 3;
const BATCH_SIZE = 1000;
const DURABLE_PUT_COUNT = 300;
const SEEK_COUNT = 20_000;
/** Operations that are measured. */
const OPERATION_COUNT = 15;
const MIB = 1024 * 1024;

interface Cost {
  readonly operation: string;
  readonly microseconds: number;
  readonly budget: number;
}

const showProgress = progressPrinter('costs', `of ${OPERATION_COUNT} operations`);
const scratch = mkdtempSync(join(tmpdir(), 'varve-costs-'));
const costs: Cost[] = [];
const key = Buffer.alloc(16);
const values = new ValueSource(100);
const order = new KeyOrder(entryCount, 'random');
type Bytes = Database<Uint8Array, Uint8Array>;

try {
  await measureWrites();
  await measureReads();
  await measureBackground();
  await measureDurablePut();
} finally {
  rmSync(scratch, { recursive: true });
}
print();

async function measureWrites(): Promise<void> {
  await perOperation('putSync os', 1.4, entryCount, async (db) => {
    for (let index = 0; index < entryCount; index++) {
      db.putSync(writeKey(key, order.at(index)), values.next());
    }
  });
  const operations = Array.from({ length: BATCH_SIZE }, () => ({
    type: 'put' as const,
    key: Buffer.alloc(16),
    value: values.next(),
  }));
  await perOperation('put in a batch of 1000', 0.7, entryCount, async (db) => {
    for (let start = 0; start < entryCount; start += BATCH_SIZE) {
      for (let index = 0; index < BATCH_SIZE; index++) {
        writeKey(operations[index].key, order.at((start + index) % entryCount));
      }
      db.batchSync(operations);
    }
  });
  await perOperation('await put os', 2.5, entryCount / 2, async (db) => {
    for (let index = 0; index < entryCount / 2; index++) {
      await db.put(writeKey(key, order.at(index)), values.next());
    }
  });
}

/** Each pass writes a fresh store, so that every pass does the same work. */
async function perOperation(
  operation: string,
  budget: number,
  count: number,
  run: (db: Bytes) => Promise<void>,
): Promise<void> {
  const passes: number[] = [];
  for (let pass = 0; pass < PASS_COUNT; pass++) {
    const directory = join(scratch, `pass-${pass}`);
    const db = await openBytes(directory);
    const startMs = performance.now();
    await run(db);
    passes.push(((performance.now() - startMs) * 1000) / count);
    await db.close();
    rmSync(directory, { recursive: true });
  }
  add({ operation, microseconds: median(passes), budget });
}

async function measureReads(): Promise<void> {
  const directory = join(scratch, 'reads');
  const db = await openBytes(directory);
  for (let index = 0; index < entryCount; index++) {
    db.putSync(writeKey(key, order.at(index) * 2), values.next());
  }
  await db.compact();
  for (const _entry of db.keys()) void _entry;
  measureGets(db);
  await measureAwaitedGet(db);
  measureScans(db);
  await measureMemtableGet(db);
  await db.close();
  const openPasses: number[] = [];
  for (let pass = 0; pass < PASS_COUNT; pass++) {
    const startMs = performance.now();
    const opened = await openBytes(directory);
    openPasses.push((performance.now() - startMs) * 1000);
    await opened.close();
  }
  add({
    operation: `open a clean store of ${entryCount} entries`,
    microseconds: median(openPasses),
    budget: 100_000,
  });
}

function measureGets(db: Bytes): void {
  repeated('getSync, hit in a table', 1.3, entryCount, () => {
    for (let index = 0; index < entryCount; index++) db.getSync(writeKey(key, order.at(index) * 2));
  });
  repeated('getSync, miss', 0.4, entryCount, () => {
    for (let index = 0; index < entryCount; index++) {
      db.getSync(writeKey(key, order.at(index) * 2 + 1));
    }
  });
}

async function measureAwaitedGet(db: Bytes): Promise<void> {
  const passes: number[] = [];
  for (let pass = 0; pass < PASS_COUNT; pass++) {
    const startMs = performance.now();
    for (let index = 0; index < entryCount; index++) {
      await db.get(writeKey(key, order.at(index) * 2));
    }
    passes.push(((performance.now() - startMs) * 1000) / entryCount);
  }
  add({ operation: 'await get, cached', microseconds: median(passes), budget: 1.45 });
}

function measureScans(db: Bytes): void {
  repeated('cursor step', 0.08, entryCount, () => {
    const cursor = db.cursor();
    for (cursor.first(); cursor.valid; cursor.next());
    cursor.close();
  });
  repeated('entries() step, binary', 0.2, entryCount, () => {
    for (const _entry of db.entries()) void _entry;
  });
  repeated('seek + 100 steps', 10, SEEK_COUNT, () => {
    const cursor = db.cursor();
    for (let index = 0; index < SEEK_COUNT; index++) {
      cursor.seek(writeKey(key, order.at(index) * 2));
      for (let step = 0; step < 100 && cursor.valid; step++) cursor.next();
    }
    cursor.close();
  });
}

async function measureMemtableGet(db: Bytes): Promise<void> {
  const count = Math.min(100_000, entryCount);
  for (let index = 0; index < count; index++) {
    db.putSync(writeKey(key, order.at(index) * 2), values.next());
  }
  repeated('getSync, hit in the memtable', 0.6, count, () => {
    for (let index = 0; index < count; index++) db.getSync(writeKey(key, order.at(index) * 2));
  });
}

/**
 * Flushes and one compaction of everything, as their threads report them. The budgets are 300 and 200 MB of keys and
 * values per second; of a table here all blocks are compressed.
 */
async function measureBackground(): Promise<void> {
  const flushes: number[] = [];
  const compactions: number[] = [];
  for (let pass = 0; pass < BACKGROUND_PASS_COUNT; pass++) {
    const directory = join(scratch, `background-${pass}`);
    const db = await openBytes(directory, { level0CompactionTrigger: 60, level0StopTrigger: 64 });
    let flushMs = 0;
    let compactionMs = 0;
    db.events.on('flush', ({ durationMs }) => {
      flushMs += durationMs;
    });
    db.events.on('compaction', ({ durationMs }) => {
      compactionMs += durationMs;
    });
    for (let index = 0; index < entryCount; index++) {
      db.putSync(writeKey(key, order.at(index)), values.next());
    }
    await db.flush();
    await db.compact();
    await db.close();
    rmSync(directory, { recursive: true });
    flushes.push((flushMs * 1000) / entryCount);
    compactions.push((compactionMs * 1000) / entryCount);
  }
  const entryMegabytes = (16 + 100) / 1e6;
  add({
    operation: 'flush, per entry on its thread',
    microseconds: median(flushes),
    budget: (entryMegabytes / 300) * 1e6,
  });
  add({
    operation: 'compaction with LZ4, per entry on its thread',
    microseconds: median(compactions),
    budget: (entryMegabytes / 200) * 1e6,
  });
}

async function measureDurablePut(): Promise<void> {
  const db = await open(join(scratch, 'durable'), {
    keyEncoding: 'binary',
    valueEncoding: 'binary',
    durability: 'always',
  });
  const file = openSync(join(scratch, 'bare'), 'w');
  const block = Buffer.alloc(4 * MIB);
  writeSync(file, block, 0, block.length, 0);
  fdatasyncSync(file);
  const bare: number[] = [];
  const durable: number[] = [];
  const awaited: number[] = [];
  for (let index = 0; index < DURABLE_PUT_COUNT; index++) {
    const startMs = performance.now();
    writeSync(file, block, 0, 148, index * 148);
    fdatasyncSync(file);
    const bareMs = performance.now();
    db.putSync(writeKey(key, index), values.next());
    const durableMs = performance.now();
    await db.put(writeKey(key, index), values.next());
    bare.push((bareMs - startMs) * 1000);
    durable.push((durableMs - bareMs) * 1000);
    awaited.push((performance.now() - durableMs) * 1000);
  }
  closeSync(file);
  await db.close();
  const budget = 1.15 * median(bare);
  add({ operation: 'durable putSync, one writer', microseconds: median(durable), budget });
  add({ operation: 'durable await put, one writer', microseconds: median(awaited), budget });
}

function repeated(operation: string, budget: number, count: number, run: () => void): void {
  const passes: number[] = [];
  for (let pass = 0; pass < PASS_COUNT; pass++) {
    const startMs = performance.now();
    run();
    passes.push(((performance.now() - startMs) * 1000) / count);
  }
  add({ operation, microseconds: median(passes), budget });
}

function openBytes(directory: string, tuning: TuningOptions = {}): Promise<Bytes> {
  return open(directory, {
    tuning,
    keyEncoding: 'binary',
    valueEncoding: 'binary',
    durability: 'os',
    memoryBudgetBytes: 512 * MIB,
  });
}

function add(cost: Cost): void {
  costs.push(cost);
  showProgress({ doneCount: costs.length, share: costs.length / OPERATION_COUNT });
}

function median(figures: number[]): number {
  return figures.sort((a, b) => a - b)[Math.floor(figures.length / 2)];
}

function print(): void {
  if (words.json) {
    for (const cost of costs) console.log(JSON.stringify(cost));
    return;
  }
  console.table(
    costs.map(({ operation, microseconds, budget }) => ({
      operation,
      µs: Number(microseconds.toFixed(3)),
      'budget µs': Number(budget.toFixed(2)),
      ratio: Number((microseconds / budget).toFixed(2)),
    })),
  );
}
