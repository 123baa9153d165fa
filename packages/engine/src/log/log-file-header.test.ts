import { checksum64, initializeChecksums, StorageError, writeU32, writeU64 } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  decodeLogFileHeader,
  encodeLogFileHeader,
  LOG_FILE_HEADER_SIZE_BYTES,
  LogKind,
  logSeedOf,
} from './log-file-header.js';
import { DATABASE_ID, IDENTITY } from './testing/log-fixture.js';

const PATH = '/db/000007.log';

beforeAll(initializeChecksums);

function failure(bytes: Uint8Array, expected = IDENTITY): StorageError {
  try {
    decodeLogFileHeader(bytes, PATH, expected);
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('the header was accepted');
}

/** Makes the checksum right again after a change. */
function reseal(bytes: Uint8Array): Uint8Array {
  writeU64(bytes, 56, checksum64(bytes, 0, 56, 0n));
  return bytes;
}

describe('decodeLogFileHeader', () => {
  test.each(['new', 'recycled'] as const)('gives back what was encoded: %s', (origin) => {
    const bytes = encodeLogFileHeader(IDENTITY, origin);
    expect(bytes.length).toBe(LOG_FILE_HEADER_SIZE_BYTES);
    const header = decodeLogFileHeader(bytes, PATH, IDENTITY);
    expect(header).toEqual({ identity: IDENTITY, origin, logSeed: logSeedOf(bytes) });
  });

  test('takes the largest log id, and any database if none is demanded', () => {
    const identity = { ...IDENTITY, logId: Number.MAX_SAFE_INTEGER };
    const bytes = encodeLogFileHeader(identity, 'new');
    const header = decodeLogFileHeader(bytes, PATH, { ...identity, databaseId: null });
    expect(header.identity).toEqual(identity);
  });

  test('refuses every damaged bit', () => {
    const bytes = encodeLogFileHeader(IDENTITY, 'new');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3] ^= 1 << (bit & 7);
      const error = failure(damaged);
      expect(error).toMatchObject({ code: 'CORRUPTION', where: 'wal', file: PATH, offset: 0 });
    }
  });

  test('refuses every shorter length', () => {
    const bytes = encodeLogFileHeader(IDENTITY, 'new');
    for (let length = 0; length < bytes.length; length++) {
      expect(failure(bytes.subarray(0, length)).code).toBe('CORRUPTION');
    }
  });

  test('refuses another log, another kind and another database', () => {
    const bytes = encodeLogFileHeader(IDENTITY, 'new');
    const otherDatabase = DATABASE_ID.slice().reverse();
    expect(failure(bytes, { ...IDENTITY, logId: 8 })).toMatchObject({ expected: 8, actual: 7 });
    expect(failure(bytes, { ...IDENTITY, databaseId: otherDatabase }).code).toBe('CORRUPTION');
    const asManifest = failure(bytes, { ...IDENTITY, kind: LogKind.manifest });
    expect(asManifest).toMatchObject({ code: 'CORRUPTION', where: 'manifest' });
  });

  test('tells a newer version and unknown flags from damage', () => {
    const newer = encodeLogFileHeader(IDENTITY, 'new');
    writeU32(newer, 8, 2);
    expect(failure(reseal(newer))).toMatchObject({
      code: 'UNSUPPORTED_FORMAT',
      expected: 1,
      actual: 2,
    });
    const flagged = encodeLogFileHeader(IDENTITY, 'new');
    writeU32(flagged, 40, 2);
    expect(failure(reseal(flagged)).code).toBe('UNSUPPORTED_FORMAT');
  });
});

describe('encodeLogFileHeader', () => {
  test('refuses an identity that cannot be stored', () => {
    const encode = (change: Partial<typeof IDENTITY>) => () =>
      encodeLogFileHeader({ ...IDENTITY, ...change }, 'new');
    expect(encode({ logId: 0 })).toThrow('log id');
    expect(encode({ logId: 2 ** 53 })).toThrow('log id');
    expect(encode({ databaseId: new Uint8Array(15) })).toThrow('16 bytes');
  });
});

describe('logSeedOf', () => {
  test('differs between logs, kinds and databases', () => {
    const seeds = [
      IDENTITY,
      { ...IDENTITY, logId: 8 },
      { ...IDENTITY, kind: LogKind.manifest },
      { ...IDENTITY, databaseId: DATABASE_ID.slice().reverse() },
    ].map((identity) => logSeedOf(encodeLogFileHeader(identity, 'new')));
    expect(new Set(seeds).size).toBe(seeds.length);
  });
});
