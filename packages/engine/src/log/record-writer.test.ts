import { initializeChecksums, readU32 } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { isIntactRecord, recordEndAt } from './record-check.js';
import { RECORD_HEADER_SIZE_BYTES, RecordType, recordSeed } from './record-format.js';
import { sealRecord } from './record-writer.js';

const LOG_SEED = 0x1234_5678;

beforeAll(initializeChecksums);

/** A buffer that holds a file from its first byte, with one record of this payload at `offset`. */
function fileWithRecord(offset: number, payload: Uint8Array, durableOffset = 0): Uint8Array {
  const bytes = new Uint8Array(offset + RECORD_HEADER_SIZE_BYTES + payload.length);
  bytes.set(payload, offset + RECORD_HEADER_SIZE_BYTES);
  const seed = recordSeed(LOG_SEED, offset);
  sealRecord(bytes, offset, payload.length, RecordType.batch, seed, durableOffset);
  return bytes;
}

function isRecord(bytes: Uint8Array, offset: number, logSeed = LOG_SEED): boolean {
  const end = recordEndAt(bytes, offset, logSeed);
  return end >= 0 && isIntactRecord(bytes, offset, end, logSeed);
}

describe('sealRecord', () => {
  test.each([0, 1, 16, 255, 256, 257, 70_000])(
    'makes a record of a payload of %i bytes',
    (size) => {
      const payload = Uint8Array.from({ length: size }, (_, index) => index * 7);
      const bytes = fileWithRecord(100, payload);
      expect(recordEndAt(bytes, 100, LOG_SEED)).toBe(bytes.length);
      expect(isRecord(bytes, 100)).toBe(true);
      expect(bytes.subarray(116)).toEqual(payload);
    },
  );

  test('gives the checksum it wrote', () => {
    const bytes = new Uint8Array(RECORD_HEADER_SIZE_BYTES + 3);
    const checksum = sealRecord(bytes, 0, 3, RecordType.batch, recordSeed(LOG_SEED, 64), 64);
    expect(checksum).toBe(readU32(bytes, 0));
  });

  test('works in place in shared memory and touches nothing around the record', () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(400)).fill(0xaa);
    sealRecord(bytes, 50, 300, RecordType.batch, recordSeed(LOG_SEED, 50), 0);
    expect(isRecord(bytes, 50)).toBe(true);
    expect(bytes.subarray(0, 50).every((byte) => byte === 0xaa)).toBe(true);
    expect(bytes.subarray(66).every((byte) => byte === 0xaa)).toBe(true);
  });

  test('refuses a record that does not lie inside its buffer', () => {
    const bytes = new Uint8Array(40);
    expect(() => sealRecord(bytes, 0, 25, RecordType.batch, 1, 0)).toThrow('inside its buffer');
    expect(() => sealRecord(bytes, -1, 1, RecordType.batch, 1, 0)).toThrow('inside its buffer');
  });

  test('makes a record that is valid at one offset of one log only', () => {
    const record = fileWithRecord(64, Uint8Array.of(1, 2, 3)).subarray(64);
    for (let offset = 0; offset < 300; offset++) {
      const bytes = new Uint8Array(400);
      bytes.set(record, offset);
      expect(isRecord(bytes, offset)).toBe(offset === 64);
      expect(isRecord(bytes, offset, LOG_SEED + 1)).toBe(false);
    }
  });

  test('covers every bit of the record', () => {
    const bytes = fileWithRecord(64, Uint8Array.of(1, 2, 3, 4, 5), 64);
    for (let bit = 64 * 8; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3] ^= 1 << (bit & 7);
      expect(isRecord(damaged, 64), `bit ${bit}`).toBe(false);
    }
  });
});

describe('recordSeed', () => {
  test('differs at every offset of a log', () => {
    const seeds = new Set<number>();
    for (let offset = 0; offset < 100_000; offset++) seeds.add(recordSeed(LOG_SEED, offset));
    expect(seeds.size).toBe(100_000);
  });
});

describe('recordEndAt', () => {
  test('refuses an attestation beyond the record itself, though its checksums are right', () => {
    expect(isRecord(fileWithRecord(64, Uint8Array.of(1), 64), 64)).toBe(true);
    expect(isRecord(fileWithRecord(64, Uint8Array.of(1), 65), 64)).toBe(false);
  });

  test('refuses types that do not exist, though their checksums are right', () => {
    for (const type of [0, 6, 255]) {
      const bytes = new Uint8Array(100);
      sealRecord(bytes, 64, 4, type as RecordType, recordSeed(LOG_SEED, 64), 0);
      expect(recordEndAt(bytes, 64, LOG_SEED)).toBe(-1);
    }
  });

  test('gives the end of a record that is cut short, which is not intact', () => {
    const bytes = fileWithRecord(64, new Uint8Array(50));
    const cut = bytes.subarray(0, bytes.length - 1);
    expect(recordEndAt(cut, 64, LOG_SEED)).toBe(bytes.length);
    expect(isRecord(cut, 64)).toBe(false);
    expect(recordEndAt(bytes.subarray(0, 79), 64, LOG_SEED)).toBe(-1);
  });
});
