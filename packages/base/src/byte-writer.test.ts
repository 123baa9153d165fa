import { describe, expect, test } from 'vitest';
import { BugError } from './assert.js';
import { ByteWriter } from './byte-writer.js';

describe('ByteWriter', () => {
  test('writes every field little-endian, one after the other', () => {
    const writer = new ByteWriter();
    writer.u8(0x01);
    writer.u16(0x0203);
    writer.u32(0x04050607);
    writer.u53(0x08090a0b0c0d);
    writer.u64(0x0102030405060708n);
    writer.varint(300);
    writer.bytes(Uint8Array.of(0xaa, 0xbb));
    expect(writer.text('é')).toBe(2);
    expect(Buffer.from(writer.toBytes()).toString('hex')).toBe(
      [
        '01',
        '0302',
        '07060504',
        '0d0c0b0a09080000',
        '0807060504030201',
        'ac02',
        'aabb',
        'c3a9',
      ].join(''),
    );
  });

  test('grows as needed and keeps what was written', () => {
    const writer = new ByteWriter();
    const expected: number[] = [];
    for (let size = 0; size < 100; size++) {
      const piece = new Uint8Array(size).fill(size);
      writer.bytes(piece);
      expected.push(...piece);
    }
    writer.bytes(new Uint8Array(100_000));
    expect(writer.length).toBe(expected.length + 100_000);
    expect(writer.toBytes().subarray(0, expected.length)).toEqual(Uint8Array.from(expected));
  });

  test('loses no byte of a field that lies across the end of its buffer', () => {
    for (let before = 0; before < 1100; before++) {
      const writer = new ByteWriter();
      writer.bytes(new Uint8Array(before));
      writer.u64(0xa1a2a3a4a5a6a7a8n);
      expect(Buffer.from(writer.toBytes().subarray(before)).toString('hex')).toBe(
        'a8a7a6a5a4a3a2a1',
      );
    }
  });

  test('patches a length written before', () => {
    const writer = new ByteWriter();
    writer.u8(9);
    writer.u32(0);
    writer.text('body');
    writer.patchU32(1, 4);
    expect(writer.toBytes()).toEqual(Uint8Array.of(9, 4, 0, 0, 0, ...Buffer.from('body')));
  });

  test('refuses a patch outside what was written', () => {
    const writer = new ByteWriter();
    writer.u32(0);
    expect(() => writer.patchU32(1, 0)).toThrow('patch outside what is written');
    expect(() => writer.patchU32(-1, 0)).toThrow('patch outside what is written');
  });

  test('gives a copy that later writes do not change', () => {
    const writer = new ByteWriter();
    writer.u32(1);
    const before = writer.toBytes();
    writer.patchU32(0, 2);
    expect(before).toEqual(Uint8Array.of(1, 0, 0, 0));
  });

  test.each([
    ['u8', 0x100],
    ['u16', 0x1_0000],
    ['u32', 0x1_0000_0000],
    ['u53', 2 ** 53],
    ['varint', 2 ** 53],
  ] as const)('%s refuses what does not fit, and writes nothing', (kind, tooLarge) => {
    const writer = new ByteWriter();
    for (const value of [tooLarge, -1, 0.5, Number.NaN]) {
      expect(() => writer[kind](value)).toThrow(BugError);
    }
    writer[kind](tooLarge - 1);
    expect(writer.length).toBeGreaterThan(0);
  });

  test.each([-1n, 1n << 64n])('u64 refuses %d', (value) => {
    expect(() => new ByteWriter().u64(value)).toThrow(BugError);
  });
});
