import { readFileSync } from 'node:fs';
import { encodeText, hashKey } from '@varve/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BLOCK_COUNT_MAX,
  BLOCK_SIZE_BYTES,
  blockOffsetOf,
  HEADER_SIZE_BYTES,
  nextProbe,
  PROBE_SHIFT,
} from './bloom-format.js';
import { BloomReader } from './bloom-reader.js';
import { probeCountForBitsPerKey, rateForBitsPerKey } from './bloom-sizing.js';
import { BloomWriter } from './bloom-writer.js';

fc.configureGlobal({ seed: 1_784_211, numRuns: 2000 });

const page = readFileSync(new URL('../../../docs/format/bloom.md', import.meta.url), 'utf8');

/** The cells of the rows of the page's table whose heading starts with `heading`. */
function tableRows(heading: string): string[][] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  expect(start).toBeGreaterThan(0);
  const rows = lines.slice(start + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

function hashOf(key: string): number {
  const bytes = encodeText(key);
  return hashKey(bytes, 0, bytes.length);
}

function bitsOf(hash: number, probeCount: number): number[] {
  const bits: number[] = [];
  for (let probe = nextProbe(hash); bits.length < probeCount; probe = nextProbe(probe)) {
    bits.push(probe >>> PROBE_SHIFT);
  }
  return bits;
}

const blockOf = (hash: number, blockCount: number) =>
  (blockOffsetOf(hash, blockCount) - HEADER_SIZE_BYTES) / BLOCK_SIZE_BYTES;

describe('docs/format/bloom.md', () => {
  const rows = tableRows('key');
  const example = /```hex\n(.*?)```/s.exec(page)![1];
  const hex = example.replaceAll(/ {4}\S.*$/gm, '').replaceAll(/\s/g, '');

  test('has the hashes, bits and blocks of its keys', () => {
    expect(rows.map(([key]) => key)).toEqual(['apple', 'banana', 'cherry']);
    for (const [key, hash, bits, block, blockOf1000] of rows) {
      const hashed = hashOf(key);
      expect((hashed >>> 0).toString(16).padStart(8, '0')).toBe(hash);
      expect(bitsOf(hashed, 6).join(' ')).toBe(bits);
      expect(String(blockOf(hashed, 1))).toBe(block);
      expect(String(blockOf(hashed, 1000))).toBe(blockOf1000);
    }
  });

  test('has the bytes that a writer makes of its keys', () => {
    const writer = new BloomWriter(10);
    for (const [key] of rows) writer.add(hashOf(key));
    expect(Buffer.from(writer.finish()).toString('hex')).toBe(hex);
  });

  test('has bytes that a reader answers from as it says', () => {
    const reader = new BloomReader(Buffer.from(hex, 'hex'), {
      file: 'bloom.md',
      where: 'sst.filter',
    });
    for (const [key] of rows) expect(reader.mayContain(hashOf(key))).toBe(true);
    const [, absent, bits] = /`(\w+)` has the bits ([\d ]+)\./.exec(page)!;
    expect(bitsOf(hashOf(absent), 6).join(' ')).toBe(bits);
    expect(reader.mayContain(hashOf(absent))).toBe(false);
  });

  test('has the probes and rates of the sizing', () => {
    const sizes = tableRows('bits per key');
    expect(sizes.length).toBeGreaterThan(3);
    for (const [bitsPerKey, probes, rate] of sizes) {
      expect(String(probeCountForBitsPerKey(Number(bitsPerKey)))).toBe(probes);
      expect(`${(rateForBitsPerKey(Number(bitsPerKey)) * 100).toPrecision(3)} %`).toBe(rate);
    }
  });

  test('has offsets that add up to the header', () => {
    let end = 0;
    for (const [offset, size] of tableRows('offset')) {
      expect(Number(offset)).toBe(end);
      end += Number.isNaN(Number(size)) ? 0 : Number(size);
    }
    expect(end).toBe(HEADER_SIZE_BYTES);
  });
});

describe('blockOffsetOf', () => {
  test('agrees with the 64-bit product, for signed and unsigned hashes', () => {
    const hash = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0x7fff_ffff, 0xffff_ffff));
    const count = fc.oneof(
      fc.integer({ min: 1, max: BLOCK_COUNT_MAX }),
      fc.integer({ min: 1, max: 1000 }),
      fc.constantFrom(1, 0xffff, 0x1_0000, 0x1_0001, BLOCK_COUNT_MAX),
    );
    fc.assert(
      fc.property(hash, count, (unsigned, blockCount) => {
        const expected = Number((BigInt(unsigned) * BigInt(blockCount)) >> 32n);
        expect(blockOf(unsigned, blockCount)).toBe(expected);
        expect(blockOf(unsigned | 0, blockCount)).toBe(expected);
        expect(expected).toBeLessThan(blockCount);
      }),
    );
  });
});
