// The Merkle Patricia trie of @ethereumjs/mpt over the engine, beside the same trie in memory.
//
// A root hash depends on every entry, so equal roots mean equal content. A random workload of puts, overwrites and
// deletions goes to both; roots are compared throughout, checkpoints are committed and reverted, and at the end the
// database is opened again and read by the root alone. Prints counts as JSON; one seed, ECOSYSTEM_SEED, decides everything.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMerkleProof, createMPT, createMPTFromProof } from '@ethereumjs/mpt';
import { bytesToUnprefixedHex, KeyEncoding, MapDB, ValueEncoding } from '@ethereumjs/util';
import { Level } from 'level';

const ROUND_COUNT = 40;
const OPERATION_COUNT = 100;
const KEY_COUNT = 1_500;

const seed = Number(process.env.ECOSYSTEM_SEED ?? 20_260_101);
let state = seed >>> 0;
const outcome = { passed: 0, failed: 0, failures: [] };

/** The wrapper that the package's documentation gives for a database of Level. */
class LevelStore {
  constructor(level) {
    this.level = level;
  }

  get(key, options) {
    return this.level.get(key, encodings(options));
  }

  put(key, value, options) {
    return this.level.put(key, value, encodings(options));
  }

  del(key, options) {
    return this.level.del(key, encodings(options));
  }

  batch(operations) {
    return this.level.batch(operations.map((one) => ({ ...one, ...encodings(one.opts) })));
  }

  shallowCopy() {
    return new LevelStore(this.level);
  }

  open() {
    return this.level.open();
  }
}

function encodings({ keyEncoding, valueEncoding } = {}) {
  return {
    keyEncoding: keyEncoding === KeyEncoding.Bytes ? 'view' : 'utf8',
    valueEncoding: valueEncoding === ValueEncoding.Bytes ? 'view' : 'utf8',
  };
}

const directory = mkdtempSync(join(tmpdir(), 'varve-mpt-'));
try {
  await runWorkload(directory);
} finally {
  rmSync(directory, { recursive: true });
}
console.log(JSON.stringify({ ...outcome, seed }));

async function runWorkload(path) {
  const level = new Level(path);
  const tested = await createMPT({ db: new LevelStore(level), valueEncoding: ValueEncoding.Bytes });
  const oracle = await createMPT({ db: new MapDB() });
  const expected = new Map();
  for (let round = 0; round < ROUND_COUNT; round++) {
    const isTried = round % 4 === 3;
    const content = isTried ? new Map(expected) : expected;
    if (isTried) for (const trie of [tested, oracle]) trie.checkpoint();
    for (let step = 0; step < OPERATION_COUNT; step++) await change([tested, oracle], content);
    check(`root of round ${round}`, equal(tested.root(), oracle.root()));
    if (isTried) await endCheckpoint([tested, oracle], content, expected);
    check(`root after round ${round}`, equal(tested.root(), oracle.root()));
  }
  await checkContent('at the end', tested, expected);
  await checkProofs(tested, expected);
  const root = tested.root();
  await level.close();
  const again = new Level(path);
  const reopened = await createMPT({
    db: new LevelStore(again),
    root,
    valueEncoding: ValueEncoding.Bytes,
  });
  await checkContent('opened again', reopened, expected);
  await again.close();
}

async function change(tries, content) {
  const key = Uint8Array.from({ length: 32 }, () => 0);
  new DataView(key.buffer).setUint32(0, Math.imul(random(KEY_COUNT), 0x9e37_79b1) >>> 0);
  const name = bytesToUnprefixedHex(key);
  if (random(4) === 0) {
    for (const trie of tries) await trie.del(key);
    content.delete(name);
    return;
  }
  const value = Uint8Array.from({ length: 1 + random(60) }, () => 1 + random(255));
  for (const trie of tries) await trie.put(key, value);
  content.set(name, { key, value });
}

/** Commits or reverts; a reverted round leaves what was expected before. */
async function endCheckpoint(tries, content, expected) {
  if (random(2) === 0) {
    for (const trie of tries) await trie.revert();
    return;
  }
  for (const trie of tries) await trie.commit();
  expected.clear();
  for (const [name, entry] of content) expected.set(name, entry);
}

async function checkContent(when, trie, expected) {
  for (const [name, { key, value }] of expected) {
    check(`${name} ${when}`, equal(await trie.get(key), value));
  }
}

async function checkProofs(trie, expected) {
  for (const [name, { key, value }] of [...expected].slice(0, 20)) {
    const partial = await createMPTFromProof(await createMerkleProof(trie, key), {
      root: trie.root(),
    });
    check(`proof of ${name}`, equal(await partial.get(key), value));
  }
}

function equal(a, b) {
  return a !== null && b !== null && Buffer.compare(a, b) === 0;
}

function check(name, isRight) {
  if (isRight) outcome.passed++;
  else outcome.failed++;
  if (!isRight) outcome.failures.push(name);
}

/** A whole number below `limit`: the generator mulberry32. */
function random(limit) {
  state = (state + 0x6d2b_79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
}
