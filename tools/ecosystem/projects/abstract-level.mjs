// The suite that abstract-level publishes for its databases, on directories of the disk: every database has one of its own.

import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const require = createRequire(import.meta.url);
const { Level } = require('level');
const suite = require('abstract-level/test');
const tape = require('tape');

const outcome = { passed: 0, failed: 0, failures: [], assertions: 0, seconds: 0 };
const directory = mkdtempSync(join(tmpdir(), 'varve-suite-'));
/** Tests that have begun, by their number: whether everything in them held so far. */
const tests = new Map();
let databaseCount = 0;

const startMs = performance.now();
const stream = tape.createStream({ objectMode: true });
stream.on('data', (row) => {
  if (row.type === 'test') tests.set(row.id, true);
  if (row.type !== 'assert') return;
  outcome.assertions++;
  if (row.ok) return;
  tests.set(row.test, false);
  outcome.failures.push(`${row.name} (${row.operator})`);
});
stream.on('end', () => {
  outcome.seconds = (performance.now() - startMs) / 1000;
  for (const held of tests.values()) outcome[held ? 'passed' : 'failed']++;
  console.log(JSON.stringify(outcome));
  rmSync(directory, { recursive: true });
  // The suite leaves some databases open of which it only looked at the manifest.
  process.exit();
});

/** Of the databases that the suite leaves open there are more than a machine has memory for at the usual 256 MiB each. */
class SmallLevel extends Level {
  _open(options) {
    return super._open({ memoryBudgetBytes: 16 * 1024 * 1024, ...options });
  }
}

suite({
  test: tape,
  factory: (options) => new SmallLevel(join(directory, String(databaseCount++)), options),
});
