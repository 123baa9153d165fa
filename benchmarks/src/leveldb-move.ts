/**
 * Makes a LevelDB of many entries in random order, then moves it with `varve import --from leveldb`, and says how long that
 * took and how much space both take. Exits as the command does: non-zero when an entry is missing or different.
 *
 *   node benchmarks/dist/leveldb-move.js [--num 1000000] [--json]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { program } from '@varve/testkit/command-line';
import { progressPrinter } from '@varve/testkit/progress';
import { count } from './number-options.js';
import { KeyOrder, ValueSource, writeKey } from './random-entries.js';

const KEY_SIZE_BYTES = 16;
const VALUE_SIZE_BYTES = 100;
const BATCH_ENTRY_COUNT = 1000;
const PROGRAM = join(import.meta.dirname, '../../packages/cli/dist/main.js');

const words = program(
  'pnpm bench:move',
  'Makes a LevelDB, moves it with `varve import --from leveldb`, and compares.',
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
const directory = mkdtempSync(join(tmpdir(), 'varve-move-'));
try {
  const source = join(directory, 'level');
  await fill(source, words.num);
  const flags = ['--from', 'leveldb', ...(words.json ? ['--json'] : [])];
  // Started here, where classic-level is installed.
  const { status } = spawnSync(
    process.execPath,
    [PROGRAM, 'import', ...flags, source, join(directory, 'varve')],
    { cwd: import.meta.dirname, stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true });
}

async function fill(location: string, entryCount: number): Promise<void> {
  const level = new ClassicLevel<Buffer, Buffer>(location, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
  });
  await level.open();
  const order = new KeyOrder(entryCount, 'random');
  const values = new ValueSource(VALUE_SIZE_BYTES);
  const showProgress = progressPrinter('filling a LevelDB', 'entries');
  for (let start = 0; start < entryCount; start += BATCH_ENTRY_COUNT) {
    const batch = level.batch();
    for (let index = start; index < Math.min(start + BATCH_ENTRY_COUNT, entryCount); index++) {
      batch.put(writeKey(Buffer.alloc(KEY_SIZE_BYTES), order.at(index)), values.next());
    }
    await batch.write();
    showProgress({ doneCount: start, share: start / entryCount });
  }
  await level.close();
}
