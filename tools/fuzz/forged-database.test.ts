// What the fuzzer found in whole databases: files with right checksums that no writer would write.

import { beforeAll, describe, expect, test } from 'vitest';
import { readU53, writeU53 } from '../../packages/base/src/index.js';
import { parseFileName } from '../../packages/engine/src/directory/file-names.js';
import { open, type SalvageReport, salvage, verify } from '../../packages/engine/src/index.js';
import { LogKind } from '../../packages/engine/src/log/log-file-header.js';
import { RecordType } from '../../packages/engine/src/log/record-format.js';
import { TRAILER_SIZE_BYTES } from '../../packages/sstable/src/block/trailer.js';
import { entryCountOf, keyEnd, keyStart } from '../../packages/sstable/src/index.js';
import { DIRECTORY, databaseFiles, fileSystemOf, SMALL_OPTIONS } from './database-image.js';
import { type LogParts, type LogRecord, logBytes, logParts } from './log-forge.js';
import { manifestParts } from './manifest-targets.js';
import { type BlockParts, type TableParts, tableBytes, tableParts } from './table-forge.js';
import type { FileSet } from './target.js';

let files: FileSet;

beforeAll(async () => {
  files = await databaseFiles();
});

/** The first file of a kind, by name. */
function nameOf(kind: 'manifest' | 'log'): string {
  return [...files.keys()].find((name) => parseFileName(name)?.kind === kind)!;
}

/** The first table whose blocks are not compressed, so that their entries can be read and forged. */
function plainTable(): string {
  const names = [...files.keys()].filter((name) => parseFileName(name)?.kind === 'table');
  return names.find((name) => {
    const { blocks } = tableParts(files.get(name)!);
    return blocks.length > 1 && blocks.every(({ codec }) => codec === 0);
  })!;
}

/** Salvages the database with one file replaced. What comes out has to be whole. */
async function salvagedWith(name: string, bytes: Uint8Array): Promise<SalvageReport> {
  const fileSystem = fileSystemOf(new Map([...files, [name, bytes]]));
  const report = await salvage(DIRECTORY, '/new', { fileSystem });
  expect((await verify('/new', { fileSystem })).damage).toEqual([]);
  return report;
}

/** A table whose first two blocks have changed places. */
function swapped({ blocks: [first, second, ...others], ...parts }: TableParts): TableParts {
  return { ...parts, blocks: [second!, first!, ...others] };
}

/** A block, not compressed, in which two keys of the same length have changed places: neither the first nor the last. */
function shuffled(block: BlockParts): BlockParts {
  const content = block.content.slice();
  const lengthAt = (index: number) => keyEnd(content, 0, index) - keyStart(content, 0, index);
  let index = 1;
  while (lengthAt(index) !== lengthAt(index + 1)) index += 1;
  expect(index + 1).toBeLessThan(entryCountOf(content, 0) - 1);
  const [start, middle, end] = [index, index + 1, index + 2].map((at) => keyStart(content, 0, at));
  content.set(block.content.subarray(middle, end), start);
  content.set(block.content.subarray(start, middle), middle);
  return { ...block, content };
}

/** A table of which only the blocks and the footer are left. */
function withoutIndex(parts: TableParts): TableParts {
  return { ...parts, index: parts.index.map((byte) => ~byte) };
}

/** A log that is replayed when the database is opened, and its records. */
function liveLog(): { name: string; parts: LogParts } {
  const logs = [...files].flatMap(([name, bytes]) => {
    const file = parseFileName(name);
    if (file?.kind !== 'log') return [];
    const expected = { kind: LogKind.wal, logId: file.fileNumber, databaseId: null };
    return [{ name, parts: logParts(bytes, expected) }];
  });
  const hasBatch = ({ records }: LogParts) => records.some(({ type }) => type === RecordType.batch);
  return logs.findLast(({ parts }) => hasBatch(parts))!;
}

/** A record, whose sequences are higher by 2^40 if it has any. */
function leaping(record: LogRecord): LogRecord {
  if (record.type !== RecordType.batch) return record;
  const payload = record.payload.slice();
  writeU53(payload, 0, readU53(payload, 0) + 2 ** 40);
  return { ...record, payload };
}

describe('open', () => {
  test.each([
    ['the first group', 0],
    ['the last group', -1],
  ])('W6: refuses a log with right checksums where %s leaps', async (_, position) => {
    const { name, parts } = liveLog();
    const batches = parts.records.filter(({ type }) => type === RecordType.batch);
    const leap = batches.at(position);
    const records = parts.records.map((record) => (record === leap ? leaping(record) : record));
    const bytes = logBytes({ ...parts, records });
    const fileSystem = fileSystemOf(new Map([...files, [name, bytes]]));
    for (const readOnly of [true, false]) {
      await expect(
        open(DIRECTORY, { ...SMALL_OPTIONS, fileSystem, readOnly }),
      ).rejects.toMatchObject({
        code: 'CORRUPTION',
        file: `${DIRECTORY}/${name}`,
        offset: expect.any(Number),
      });
    }
  });
});

describe('salvage', () => {
  test('leaves out a block with a right checksum that is out of order', async () => {
    const name = plainTable();
    const forged = swapped(tableParts(files.get(name)!));
    const { losses } = await salvagedWith(name, tableBytes(forged));
    const offset = forged.blocks[0]!.content.length + TRAILER_SIZE_BYTES;
    expect(losses).toMatchObject([{ file: name, offset, reason: 'a damaged block' }]);
  });

  test('tells that entries are missing when blocks without an index are out of order', async () => {
    const name = plainTable();
    const forged = withoutIndex(swapped(tableParts(files.get(name)!)));
    const { losses } = await salvagedWith(name, tableBytes(forged));
    const entryCount = entryCountOf(forged.blocks[1]!.content, 0);
    const reason = 'entries are missing';
    expect(losses).toMatchObject([{ file: name, offset: 0, entryCount, reason }]);
  });

  test('leaves out a block without an index whose entries are out of order', async () => {
    const name = plainTable();
    const parts = tableParts(files.get(name)!);
    const [first, ...others] = parts.blocks;
    const forged = { ...withoutIndex(parts), blocks: [shuffled(first!), ...others] };
    const { losses } = await salvagedWith(name, tableBytes(forged));
    const entryCount = entryCountOf(first!.content, 0);
    const reason = 'a block out of order';
    expect(losses).toMatchObject([{ file: name, offset: 0, entryCount, reason }]);
  });

  test('leaves out an edit that is shorter than its chain', async () => {
    const name = nameOf('manifest');
    const parts = manifestParts(files, name);
    const record = { type: RecordType.edit, durableOffset: 0, payload: new Uint8Array(4) };
    const bytes = logBytes({ ...parts, records: [...parts.records, record] });
    const report = await salvagedWith(name, bytes);
    expect(report).toMatchObject({ manifest: 'incomplete', losses: [] });
  });
});
