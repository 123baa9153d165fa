import { checksum64, createRandom, hashKey, initializeChecksums } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { StatisticsCollector } from './table-statistics.js';
import { type Entry, randomEntries } from './testing/entries.js';
import { concatenated } from './testing/forgery.js';
import { ascii } from './testing/tables.js';

beforeAll(initializeChecksums);

const MODULUS = 1n << 32n;

/** The content hash as docs/format/sstable.md defines it, in whole numbers of any size. */
function contentHashOf(blocks: readonly Entry[][]): number {
  let hash = 0n;
  const fold = (value: bigint) => {
    const mixed = hash ^ value;
    const rotated = ((mixed << 13n) | (mixed >> 19n)) % MODULUS;
    hash = (rotated * 0x9e37_79b1n) % MODULUS;
  };
  for (const entries of blocks) {
    for (const { key, value, sequence, kind } of entries) {
      fold(BigInt(hashKey(key, 0, key.length) >>> 0));
      fold(BigInt(sequence) % MODULUS);
      fold((BigInt(sequence) / MODULUS) * 8n + BigInt(kind));
      fold(BigInt(value.length));
    }
    const values = concatenated(...entries.map(({ value }) => value));
    const valuesHash = checksum64(values, 0, values.length, 0n);
    fold(valuesHash % MODULUS);
    fold(valuesHash / MODULUS);
  }
  return Number(hash);
}

function collect(blocks: readonly Entry[][]): StatisticsCollector {
  const collector = new StatisticsCollector();
  for (const entries of blocks) {
    for (const { key, value, sequence, kind } of entries) {
      const keyHash = hashKey(key, 0, key.length);
      collector.addEntry(keyHash, key.length, value.length, sequence, kind);
    }
    const values = concatenated(...entries.map(({ value }) => value));
    collector.addBlock(values, 0, values.length, entries[0].key, entries[entries.length - 1].key);
  }
  return collector;
}

describe('StatisticsCollector', () => {
  test('hashes contents as the specification says', () => {
    const random = createRandom(1);
    for (const sequenceSpan of [10, 2 ** 31, 2 ** 33, 2 ** 53]) {
      const entries = randomEntries(random, {
        entryCount: 40,
        keyCount: 30,
        valueSizeBytesMax: 20,
        sequenceSpan,
      });
      const blocks = [entries.slice(0, 7), entries.slice(7)];
      expect(collect(blocks).finish().contentHash).toBe(contentHashOf(blocks));
    }
  });

  test('keeps copies of the first and last key', () => {
    const [first, last] = [ascii('a'), ascii('b')];
    const collector = new StatisticsCollector();
    collector.addEntry(1, 1, 0, 5, 1);
    collector.addBlock(new Uint8Array(0), 0, 0, first, last);
    first.fill(0);
    last.fill(0);
    expect(collector.finish()).toMatchObject({ smallestKey: ascii('a'), largestKey: ascii('b') });
  });

  test('takes a table without blocks for a bug', () => {
    expect(() => new StatisticsCollector().finish()).toThrow('at least one entry');
  });
});
