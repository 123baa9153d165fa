// Prints a table file, every byte with its meaning: for `varve dump table`, for golden tests, and
// for the example in docs/format/sstable.md.
//
// Damage is printed where it is found, and the dump goes on where it can. Every byte of the file
// appears once, in order; the content of a compressed block appears besides, at offsets marked with
// "+".

import { ByteReader, isStorageError, readU32, StorageError } from '@varve/base';
import { placeSeed, TRAILER_SIZE_BYTES, tableSeed } from './block/trailer.js';
import { attempt } from './dump/attempt.js';
import { dumpDataBlock } from './dump/data-block.js';
import { HexDump, shownBytes } from './dump/hex-dump.js';
import { dumpTrailer } from './dump/trailer.js';
import { decodeFooter, FOOTER_SIZE_BYTES, footerOffset } from './footer.js';
import { IDENTIFIER_SIZE_BYTES } from './table-format.js';
import {
  type LoadedTail,
  loadTableFilter,
  loadTableIndex,
  loadTableProperties,
} from './table-parts.js';

const FILE = 'the table';

/**
 * Gives a dump of the table file `bytes`, one line per 16 bytes or less, without line ends. Damage is
 * part of the dump; it never throws for it. Keys and values are shown.
 *
 * Cost: each line is made when it is asked for. All of them are 4 times as large as the table, or 15
 * times if it is compressed well. Holds on to `bytes`, which must not change until the last line.
 */
export function* describeTable(bytes: Uint8Array): Generator<string, void> {
  const dump = new HexDump(bytes);
  const footer =
    bytes.length < FOOTER_SIZE_BYTES
      ? new StorageError('CORRUPTION', `Cannot read ${FILE}: ${bytes.length} bytes hold no footer`)
      : attempt(() => decodeFooter(bytes, footerOffset(bytes.length), bytes.length, FILE));
  if (isStorageError(footer)) {
    yield* dump.title(footer.message);
    yield* dump.field(0, bytes.length, '');
    return;
  }
  const tail = { bytes, bytesOffset: 0, file: FILE, footer };
  yield* dumpDataBlocks(dump, tail);
  yield* dumpFilter(dump, tail);
  yield* dumpIndex(dump, tail);
  yield* dumpProperties(dump, tail);
  yield* dumpFooter(dump, tail);
}

function* dumpDataBlocks(dump: HexDump, tail: LoadedTail): Generator<string, void> {
  const { bytes, footer } = tail;
  const index = attempt(() => loadTableIndex(tail));
  if (isStorageError(index)) {
    yield* dump.title('data blocks, not readable without the index');
    yield* dump.field(0, footer.filterOffset, '');
    return;
  }
  for (let blockIndex = 0; blockIndex < index.blockCount; blockIndex++) {
    const offset = index.storedOffset(blockIndex);
    yield* dump.title(`data block ${blockIndex}`);
    yield* dumpDataBlock(dump, {
      bytes,
      start: offset,
      end: index.storedEnd(blockIndex),
      seed: placeSeed(tableSeed(footer.tableId), offset),
      contentLength: index.contentLength(blockIndex),
      place: { file: FILE, where: 'sst.data', offset },
    });
  }
}

function* dumpFilter(dump: HexDump, tail: LoadedTail): Generator<string, void> {
  const { filterOffset, indexOffset } = tail.footer;
  if (filterOffset === indexOffset) return;
  const { filter, damage } = loadTableFilter(tail);
  yield* dump.title('filter block');
  if (damage !== null) yield dump.note(damage.message);
  const contentEnd = indexOffset - TRAILER_SIZE_BYTES;
  const comment = filter === null ? '' : `filter of ${filter.keyCount} keys, see bloom.md`;
  yield* dump.field(filterOffset, contentEnd - filterOffset, comment);
  yield* dumpTrailer(dump, tail.bytes, contentEnd);
}

function* dumpIndex(dump: HexDump, tail: LoadedTail): Generator<string, void> {
  const { bytes, footer } = tail;
  const contentEnd = footer.propertiesOffset - TRAILER_SIZE_BYTES;
  const index = attempt(() => loadTableIndex(tail));
  yield* dump.title('index block');
  if (isStorageError(index)) {
    yield dump.note(index.message);
    yield* dump.field(footer.indexOffset, contentEnd - footer.indexOffset, '');
  } else {
    const { blockCount } = index;
    const read = (offset: number) => readU32(bytes, offset);
    let offset = yield* dump.field(footer.indexOffset, 4, `block count: ${blockCount}`);
    offset = yield* dump.column(offset, blockCount, 4, 'ends', read);
    offset = yield* dump.column(offset, blockCount, 4, 'content lengths', read);
    offset = yield* dump.column(offset, blockCount, 4, 'separator ends', read);
    for (let blockIndex = 0; blockIndex < blockCount; blockIndex++) {
      const separator = index.separator(blockIndex);
      const comment = `separator ${blockIndex}: ${shownBytes(separator)}`;
      offset = yield* dump.field(offset, separator.length, comment);
    }
  }
  yield* dumpTrailer(dump, bytes, contentEnd);
}

function* dumpProperties(dump: HexDump, tail: LoadedTail): Generator<string, void> {
  const { bytes, footer } = tail;
  const start = footer.propertiesOffset;
  const contentEnd = footerOffset(bytes.length) - TRAILER_SIZE_BYTES;
  const properties = attempt(() => loadTableProperties(tail));
  yield* dump.title('properties block');
  if (isStorageError(properties)) {
    yield dump.note(properties.message);
    yield* dump.field(start, contentEnd - start, '');
  } else {
    const values = new Map<string, unknown>(Object.entries({ ...properties, ...properties.owner }));
    const reader = new ByteReader(
      bytes,
      { file: FILE, where: 'sst.properties' },
      start,
      contentEnd,
    );
    while (reader.remaining > 0) {
      const propertyStart = reader.offset;
      const name = reader.text(reader.varint());
      reader.bytes(reader.varint());
      yield* dump.field(
        propertyStart,
        reader.offset - propertyStart,
        `${name}: ${shown(values.get(name))}`,
      );
    }
  }
  yield* dumpTrailer(dump, bytes, contentEnd);
}

function shown(value: unknown): string {
  return value instanceof Uint8Array ? shownBytes(value) : String(value);
}

function* dumpFooter(dump: HexDump, tail: LoadedTail): Generator<string, void> {
  const { footer } = tail;
  const fields = [
    [8, 'magic'],
    [4, 'version'],
    [4, 'flags'],
    [IDENTIFIER_SIZE_BYTES, 'table id'],
    [IDENTIFIER_SIZE_BYTES, 'database id'],
    [8, `file number: ${footer.fileNumber}`],
    [8, `file size: ${footer.fileSizeBytes}`],
    [4, 'filter offset'],
    [4, 'filter size'],
    [4, 'index offset'],
    [4, 'index size'],
    [4, 'properties offset'],
    [4, 'properties size'],
    [32, 'padding'],
    [8, 'checksum'],
  ] as const;
  yield* dump.title('footer');
  let offset = footerOffset(footer.fileSizeBytes);
  for (const [sizeBytes, name] of fields) offset = yield* dump.field(offset, sizeBytes, name);
}
