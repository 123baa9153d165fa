// The process that a leg starts, stops, kills or disturbs. Says what it does on its standard output, one line each.
//
//   child-main.js hold <directory>                        `open`, or `refused <code> <ms>`; holds the database until killed
//   child-main.js write <directory> <durability> <count> [limit]
//                                                         `open`, then `ack <n>` or `refused <n> <code> <state>` for each
//                                                         write, then `end <state>`; count 0: until killed.
//                                                         limit: of prlimit, put on this process before it opens

import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { isStorageError, systemClock } from '@varve/base';
import { type Database, type Durability, open } from '@varve/engine';
import { keyFor, SMALL_OPTIONS, valueFor } from './scratch.js';

const [task, directory, durability, countText, limit] = process.argv.slice(2);
const KEY_COUNT = 500;
/** Writes that are under way together. */
const WINDOW = 8;

if (task === 'hold') await hold();
else await write();

async function hold(): Promise<void> {
  const startMs = systemClock.monotonicMs();
  try {
    await open(directory!, SMALL_OPTIONS);
    say('open');
    setInterval(() => {}, 1 << 30);
  } catch (error) {
    if (!isStorageError(error)) throw error;
    say(`refused ${error.code} ${Math.round(systemClock.monotonicMs() - startMs)}`);
  }
}

async function write(): Promise<void> {
  const count = Number(countText) || Number.POSITIVE_INFINITY;
  if (limit !== undefined) limitProcess(limit);
  const database = await opened();
  if (database === null) return;
  say('open');
  for (let number = 0; number < count; number += WINDOW) {
    const writes = Array.from({ length: WINDOW }, (_, index) => put(database, number + index));
    await Promise.all(writes);
  }
  say(`end ${database.state}`);
  await database.close().catch((error: unknown) => {
    if (!isStorageError(error)) throw error;
    say(`unclosed ${error.code}`);
  });
}

/** Not earlier: to load its modules Node.js opens many files at once. */
function limitProcess(words: string): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', `${process.pid}`, words]);
  if (status !== 0) throw new Error(`prlimit ${words}: ${stderr}`);
}

async function opened(): Promise<Database | null> {
  try {
    return (await open(directory!, SMALL_OPTIONS)) as Database;
  } catch (error) {
    if (!isStorageError(error)) throw error;
    say(`unopened ${error.code}`);
    return null;
  }
}

async function put(database: Database, number: number): Promise<void> {
  try {
    const options = { durability: durability as Durability };
    await database.put(keyFor(number % KEY_COUNT), valueFor(number), options);
    say(`ack ${number}`);
  } catch (error) {
    if (!isStorageError(error)) throw error;
    say(`refused ${number} ${error.code} ${database.state}`);
  }
}

/** Whoever listens reads slowly sometimes; the pipe holds enough for what is said here. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
