// Tables: the whole file, and each of its parts alone.

import { createRandom, hashKey, type Random, readU32 } from '../../packages/base/src/index.js';
import { contentLengthMax, decompressInto } from '../../packages/sstable/src/block/compression.js';
import { lz4Compress } from '../../packages/sstable/src/block/lz4-library.js';
import { type FilePart, openPlainBlock } from '../../packages/sstable/src/block/plain-block.js';
import {
  placeSeed,
  TRAILER_SIZE_BYTES,
  tableSeed,
} from '../../packages/sstable/src/block/trailer.js';
import { scanBlocks } from '../../packages/sstable/src/block-scan.js';
import { decodeBlock } from '../../packages/sstable/src/data-block/decode.js';
import {
  entryCountOf,
  findEntry,
  keyEnd,
  keyStart,
  kindAt,
  lowerBound,
  sequenceAt,
  valueEnd,
  valueStart,
} from '../../packages/sstable/src/data-block/reader.js';
import { describeTable } from '../../packages/sstable/src/describe-table.js';
import { DirectBlockSource } from '../../packages/sstable/src/direct-block-source.js';
import { loadFilter } from '../../packages/sstable/src/filter-block/reader.js';
import {
  decodeFooter,
  FOOTER_SIZE_BYTES,
  footerOffset,
} from '../../packages/sstable/src/footer.js';
import { TableIndex } from '../../packages/sstable/src/index-block/reader.js';
import { TableCursor } from '../../packages/sstable/src/table-cursor.js';
import { decodeProperties } from '../../packages/sstable/src/table-properties.js';
import { TableReader } from '../../packages/sstable/src/table-reader.js';
import { randomBytes, randomEntries } from '../../packages/sstable/src/testing/entries.js';
import {
  BytesFile,
  buildTable,
  TEST_IDENTITY,
  TEST_PATH,
} from '../../packages/sstable/src/testing/tables.js';
import { findTableDamage } from '../../packages/sstable/src/verify-table.js';
import { joined, mutated, noise, oddU32, oneIn, pick } from './mutate.js';
import {
  type BlockParts,
  mutatedBlock,
  mutatedFooter,
  mutatedTable,
  sealedBlock,
  tableParts,
} from './table-forge.js';
import { bytesOf, type Decoder, expectThat, type FuzzCase, type FuzzTarget } from './target.js';

const SEED = tableSeed(TEST_IDENTITY.tableId);
const KEY = Uint8Array.of(97, 98);

/** Tables of different shapes: plain and compressed, one version per key and many. */
function specimens(): Uint8Array[] {
  const random = createRandom(1);
  const shape = { entryCount: 60, keyCount: 40, valueSizeBytesMax: 12, sequenceSpan: 1000 };
  const wide = { ...shape, keyCount: 5, sequenceBase: 2 ** 40, sequenceSpan: 2 ** 45 };
  return [
    buildTable(randomEntries(random, shape), { blockSizeBytes: 150 }).bytes,
    buildTable(randomEntries(random, shape), { codec: 'lz4', blockSizeBytes: 400 }).bytes,
    buildTable(randomEntries(random, wide), { blockSizeBytes: 200, filterBitsPerKey: 0 }).bytes,
  ];
}

/** A changed table, sealed four times out of five. */
function tableDecoder(): Decoder {
  const tables = specimens().map(tableParts);
  return {
    mutate(random) {
      const sealed = mutatedTable(random, pick(random, tables));
      const isSealed = !oneIn(random, 5);
      return { input: isSealed ? sealed : mutated(random, sealed), isSealed };
    },
    decode: (input) => useTable(bytesOf(input)),
  };
}

/** Everything that can be done with a table; each step may be refused. */
function useTable(bytes: Uint8Array): void {
  for (const line of describeTable(bytes)) expectThat(line.length < 5_000, 'a line is short');
  scanBlocks(bytes, { tableId: TEST_IDENTITY.tableId, path: TEST_PATH });
  const file = new BytesFile(bytes);
  const reader = TableReader.openSync(file, { ...TEST_IDENTITY, sizeBytes: bytes.length });
  findTableDamage(reader);
  const cursor = new TableCursor(reader, new DirectBlockSource());
  cursor.seekBackward(KEY, 0, KEY.length);
  let stepCount = 0;
  for (cursor.first(); cursor.valid; cursor.next()) {
    const { keyOffset, keyLength, keyBytes, valueOffset, valueLength, valueBytes } = cursor;
    const isInside =
      keyOffset + keyLength <= keyBytes.length && valueOffset + valueLength <= valueBytes.length;
    expectThat(isInside, 'an entry lies inside its block');
    expectThat(++stepCount <= bytes.length * 300, 'a walk ends');
  }
}

/** A decoder of one sealed block of metadata. */
function partDecoder(
  part: 'filter' | 'index' | 'properties',
  use: (filePart: FilePart, dataEnd: number) => void,
): () => Decoder {
  return () => {
    const tables = specimens()
      .map(tableParts)
      .filter((table) => table[part].length > 0);
    return {
      mutate(random) {
        const table = pick(random, tables);
        const changed = oneIn(random, 10) ? noise(random, 200) : mutated(random, table[part]);
        const block = { content: changed, codec: 0, contentLength: changed.length };
        const sealed = sealedBlock(block, placeSeed(SEED, 0));
        const isSealed = !oneIn(random, 10);
        return { input: isSealed ? sealed : mutated(random, sealed), isSealed };
      },
      decode(input) {
        const bytes = bytesOf(input);
        const where = `sst.${part}` as const;
        const place = { bytes, start: 0, end: bytes.length, bytesOffset: 0, file: TEST_PATH };
        use({ ...place, where, tableSeed: SEED }, tables[0]!.footer.filterOffset);
      },
    };
  };
}

const filterDecoder = partDecoder('filter', (part) => {
  const { filter, damage } = loadFilter(part);
  if (damage !== null) throw damage;
  for (let hash = 1; hash < 2 ** 31; hash *= 7) filter?.mayContain(hash);
});

const propertiesDecoder = partDecoder('properties', (part) => {
  const { entryCount, createdBy } = decodeProperties(openPlainBlock(part));
  expectThat(Number.isSafeInteger(entryCount) && typeof createdBy === 'string', 'it has a count');
});

const indexDecoder = partDecoder('index', (part, dataEnd) => {
  const index = TableIndex.decode(openPlainBlock(part), dataEnd);
  const found = index.findBlock(KEY, 0, KEY.length);
  expectThat(found >= 0 && found <= index.blockCount, 'a block is one of the table');
  for (let block = 0; block < index.blockCount; block++) {
    const isInside = index.storedOffset(block) < index.storedEnd(block);
    expectThat(isInside && index.storedEnd(block) <= dataEnd, 'blocks lie in the file');
    index.separator(block);
  }
});

function dataBlockDecoder(): Decoder {
  const blocks = specimens().flatMap((bytes) => tableParts(bytes).blocks);
  return {
    mutate: (random) => sealedCase(random, mutatedBlock(random, pick(random, blocks))),
    decode(input) {
      const bytes = bytesOf(input);
      const contentLength = Math.min(storedLengthOf(bytes), contentLengthMax(bytes.length));
      const place = { file: TEST_PATH, where: 'sst.data', offset: 0 } as const;
      const seed = placeSeed(SEED, 0);
      useBlock(decodeBlock({ bytes, start: 0, end: bytes.length, seed, contentLength, place }));
    },
  };
}

function storedLengthOf(bytes: Uint8Array): number {
  return bytes.length < TRAILER_SIZE_BYTES ? 0 : readU32(bytes, bytes.length - 12);
}

function sealedCase(random: Random, block: BlockParts): FuzzCase {
  const sealed = sealedBlock(block, placeSeed(SEED, 0));
  const isSealed = !oneIn(random, 10);
  return { input: isSealed ? sealed : mutated(random, sealed), isSealed };
}

function useBlock(content: Uint8Array): void {
  const entryCount = entryCountOf(content, 0);
  for (let index = 0; index < entryCount; index++) {
    const key = [keyStart(content, 0, index), keyEnd(content, 0, index)] as const;
    const value = [valueStart(content, 0, index), valueEnd(content, 0, index)] as const;
    const isInside = key[0] <= key[1] && value[0] <= value[1] && value[1] <= content.length;
    expectThat(isInside, 'an entry lies inside its block');
    expectThat(Number.isSafeInteger(sequenceAt(content, 0, index)), 'a sequence is a number');
    expectThat(kindAt(content, 0, index) <= 2, 'a kind is known');
  }
  lowerBound(content, 0, KEY, 0, KEY.length);
  findEntry(content, 0, KEY, 0, KEY.length, Number.POSITIVE_INFINITY, hashKey(KEY, 0, KEY.length));
}

function footerDecoder(): Decoder {
  const tables = specimens();
  return {
    mutate(random) {
      const bytes = mutatedFooter(random, pick(random, tables));
      const isSealed = !oneIn(random, 10);
      return { input: isSealed ? bytes : mutated(random, bytes), isSealed };
    },
    decode(input) {
      const bytes = bytesOf(input);
      const start = Math.max(0, footerOffset(bytes.length));
      const tail = joined([bytes.subarray(start), new Uint8Array(FOOTER_SIZE_BYTES)]);
      const footer = decodeFooter(tail.subarray(0, FOOTER_SIZE_BYTES), 0, bytes.length, TEST_PATH);
      const { filterOffset, indexOffset, propertiesOffset } = footer;
      const isOrdered = filterOffset <= indexOffset && indexOffset < propertiesOffset;
      expectThat(isOrdered && propertiesOffset < bytes.length, 'the parts lie in the file');
    },
  };
}

function lz4Decoder(): Decoder {
  const random = createRandom(2);
  const contents = [new Uint8Array(3_000).fill(7), randomBytes(random, 500), textBytes(2_000)];
  const packed = contents.map((content) => {
    const target = new Uint8Array(content.length * 2);
    return target.slice(0, lz4Compress(content, 0, content.length, target, 0, target.length));
  });
  return {
    mutate(source) {
      const bytes = pick(source, packed).slice();
      const kept = bytes.slice(0, 4);
      const changed = oneIn(source, 10)
        ? joined([kept, noise(source, 300)])
        : mutated(source, bytes);
      if (!oneIn(source, 5))
        changed.set(kept.subarray(0, changed.length)); // its length stays right
      else if (changed.length >= 4) changed.set(Uint8Array.of(oddU32(source, 3_000) & 0xff), 1);
      return { input: changed, isSealed: true };
    },
    decode(input) {
      const bytes = bytesOf(input);
      const length =
        bytes.length < 4 ? 0 : Math.min(readU32(bytes, 0), contentLengthMax(bytes.length));
      const target = new Uint8Array(length + 8).fill(0xee);
      const place = { file: TEST_PATH, where: 'sst.data', offset: 0 } as const;
      try {
        decompressInto(1, bytes, 0, bytes.length, target, 0, length, place);
      } finally {
        const isUntouched = target.subarray(length).every((byte) => byte === 0xee);
        expectThat(isUntouched, 'nothing is written behind the content');
      }
    },
  };
}

function textBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => 97 + ((index * index) % 7));
}

/** See the head of this file. */
export const TABLE_TARGETS: readonly FuzzTarget[] = [
  { name: 'table', prepare: tableDecoder, cost: 20 },
  { name: 'data-block', prepare: dataBlockDecoder },
  { name: 'index-block', prepare: indexDecoder },
  { name: 'filter', prepare: filterDecoder },
  { name: 'properties', prepare: propertiesDecoder },
  { name: 'footer', prepare: footerDecoder },
  { name: 'lz4', prepare: lz4Decoder },
];
