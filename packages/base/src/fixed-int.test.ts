import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  readU16,
  readU32,
  readU53,
  readU64,
  writeU16,
  writeU32,
  writeU53,
  writeU64,
} from './fixed-int.js';

fc.configureGlobal({ seed: 1_784_202, numRuns: 500 });

const offsets = fc.nat(9);

/** A buffer and a DataView of it: the DataView is the oracle. */
function buffer(): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(20).fill(0xaa);
  return { bytes, view: new DataView(bytes.buffer) };
}

describe('fixed-width integers', () => {
  test('u16 agrees with DataView at any offset', () => {
    fc.assert(
      fc.property(offsets, fc.nat(0xffff), (offset, value) => {
        const { bytes, view } = buffer();
        writeU16(bytes, offset, value);
        expect(view.getUint16(offset, true)).toBe(value);
        expect(readU16(bytes, offset)).toBe(value);
        expect(bytes.filter((byte) => byte === 0xaa).length).toBeGreaterThanOrEqual(18);
      }),
    );
  });

  test('u32 agrees with DataView at any offset', () => {
    fc.assert(
      fc.property(offsets, fc.nat(0xffff_ffff), (offset, value) => {
        const { bytes, view } = buffer();
        writeU32(bytes, offset, value);
        expect(view.getUint32(offset, true)).toBe(value);
        expect(readU32(bytes, offset)).toBe(value);
        expect(bytes.filter((byte) => byte === 0xaa).length).toBeGreaterThanOrEqual(16);
      }),
    );
  });

  test('u32 writes a signed number as its unsigned twin', () => {
    const { bytes } = buffer();
    writeU32(bytes, 0, -1);
    expect(readU32(bytes, 0)).toBe(0xffff_ffff);
  });

  test('u53 agrees with DataView at any offset', () => {
    fc.assert(
      fc.property(offsets, fc.maxSafeNat(), (offset, value) => {
        const { bytes, view } = buffer();
        writeU53(bytes, offset, value);
        expect(view.getBigUint64(offset, true)).toBe(BigInt(value));
        expect(readU53(bytes, offset)).toBe(value);
      }),
    );
  });

  test.each([0, 1, 0xffff_ffff, 0x1_0000_0000, 2 ** 53 - 1])('u53 keeps %d, a limit', (value) => {
    const { bytes } = buffer();
    writeU53(bytes, 1, value);
    expect(readU53(bytes, 1)).toBe(value);
  });

  test('u53 gives -1 for what is not a safe integer', () => {
    const { bytes, view } = buffer();
    for (let bit = 53n; bit < 64n; bit++) {
      view.setBigUint64(0, 1n << bit, true);
      expect(readU53(bytes, 0)).toBe(-1);
    }
  });

  test('u64 agrees with DataView at any offset', () => {
    fc.assert(
      fc.property(offsets, fc.bigInt(0n, 2n ** 64n - 1n), (offset, value) => {
        const { bytes, view } = buffer();
        writeU64(bytes, offset, value);
        expect(view.getBigUint64(offset, true)).toBe(value);
        expect(readU64(bytes, offset)).toBe(value);
      }),
    );
  });
});
