// What is written is what is read, for the formats whose own tests do not try arbitrary content.

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { initializeChecksums } from '../../packages/base/src/index.js';
import {
  publishCurrent,
  readCurrentSync,
  stageCurrent,
} from '../../packages/engine/src/directory/current-file.js';
import {
  MANIFEST_NUMBER_STEP,
  numberedFileName,
  parseFileName,
} from '../../packages/engine/src/directory/file-names.js';
import { openDirectory } from '../../packages/engine/src/manifest/testing/fixtures.js';
import { decompressInto } from '../../packages/sstable/src/block/compression.js';
import { lz4Compress } from '../../packages/sstable/src/block/lz4-library.js';
import { DirectBlockSource } from '../../packages/sstable/src/direct-block-source.js';
import { decodeFooter, encodeFooter } from '../../packages/sstable/src/footer.js';
import { TableCursor } from '../../packages/sstable/src/table-cursor.js';
import { compareEntries, type Entry, isSame } from '../../packages/sstable/src/testing/entries.js';
import { buildTable, openTable } from '../../packages/sstable/src/testing/tables.js';
import { verifyTable } from '../../packages/sstable/src/verify-table.js';
import { MemoryFileSystem } from '../../packages/vfs/src/index.js';

const SEED = 20_261_127;

beforeAll(initializeChecksums);

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

const entry: fc.Arbitrary<Entry> = fc
  .record({ key: bytes(20), value: bytes(60), sequence: fc.maxSafeNat(), isPut: fc.boolean() })
  .map(({ key, value, sequence, isPut }) =>
    isPut
      ? { key, value, sequence, kind: 1 }
      : { key, value: new Uint8Array(0), sequence, kind: 2 },
  );

describe('a round trip', () => {
  test('of any entries through a table gives them back', () => {
    const entries = fc.uniqueArray(entry, {
      minLength: 1,
      maxLength: 40,
      selector: ({ key, sequence }) => `${key.join()}/${sequence}`,
    });
    const options = fc.record({
      codec: fc.constantFrom('none' as const, 'lz4' as const),
      blockSizeBytes: fc.constantFrom(1, 100, 4096),
      filterBitsPerKey: fc.constantFrom(0, 10),
    });
    const property = fc.property(entries, options, (written, tableOptions) => {
      const sorted = [...written].sort(compareEntries);
      const reader = openTable(buildTable(sorted, tableOptions).bytes);
      verifyTable(reader);
      const cursor = new TableCursor(reader, new DirectBlockSource());
      cursor.first();
      for (const one of sorted) {
        const { keyBytes, keyOffset, keyLength, valueBytes, valueOffset, valueLength } = cursor;
        const read = {
          key: keyBytes.slice(keyOffset, keyOffset + keyLength),
          value: valueBytes.slice(valueOffset, valueOffset + valueLength),
          sequence: cursor.sequence,
          kind: cursor.kind,
        };
        expect(isSame(read, one)).toBe(true);
        cursor.next();
      }
      expect(cursor.valid).toBe(false);
    });
    fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  test('of a footer gives its fields back', () => {
    const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const size = fc.integer({ min: 13, max: 2 ** 29 });
    const property = fc.property(
      id,
      id,
      fc.maxSafeNat(),
      size,
      size,
      (a, b, fileNumber, one, two) => {
        const filterOffset = one;
        const indexOffset = filterOffset + two;
        const propertiesOffset = indexOffset + one;
        const fileSizeBytes = propertiesOffset + two + 128;
        const places = { filterOffset, indexOffset, propertiesOffset, fileSizeBytes };
        const footer = { tableId: a, databaseId: b, fileNumber, ...places };
        expect(decodeFooter(encodeFooter(footer), 0, fileSizeBytes, 'a file')).toEqual(footer);
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 1_000 });
  });

  test('of any bytes through LZ4 gives them back', () => {
    const repeated = fc.tuple(bytes(20), fc.integer({ min: 1, max: 200 }));
    const content = fc.oneof(
      bytes(2_000),
      repeated.map(([part, count]) => Uint8Array.from(Buffer.concat(Array(count).fill(part)))),
    );
    const property = fc.property(content, (written) => {
      const stored = new Uint8Array(written.length * 2 + 100);
      const end = lz4Compress(written, 0, written.length, stored, 0, stored.length);
      const target = new Uint8Array(written.length);
      const place = { file: 'a file', where: 'sst.data', offset: 0 } as const;
      decompressInto(1, stored, 0, end, target, 0, written.length, place);
      expect(Buffer.from(target).equals(written)).toBe(true);
    });
    fc.assert(property, { seed: SEED, numRuns: 1_000 });
  });

  test('of a file number through CURRENT and names of files gives it back', async () => {
    const directory = openDirectory(new MemoryFileSystem());
    const number = fc.integer({ min: 1, max: 2 ** 48 }).map((step) => step * MANIFEST_NUMBER_STEP);
    const property = fc.asyncProperty(number, async (fileNumber) => {
      for (const kind of ['log', 'spareLog', 'table', 'manifest', 'temporary'] as const) {
        expect(parseFileName(numberedFileName({ kind, fileNumber }))).toEqual({ kind, fileNumber });
      }
      await stageCurrent(directory, fileNumber);
      await publishCurrent(directory, fileNumber);
      expect(readCurrentSync(directory)).toBe(fileNumber);
    });
    await fc.assert(property, { seed: SEED, numRuns: 200 });
    directory.close();
  });
});
