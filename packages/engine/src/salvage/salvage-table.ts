// Reads everything intact out of one table.
//
//   1. The table opens: its index says where the blocks are; each proves itself.
//   2. It does not: the blocks are searched for. That needs the table's identifier, from the manifest or from what is left
//      of the footer; without it no block can prove that it belongs here.
//
// Only the places of the intact blocks are kept; the merge reads them again, one at a time: table-source.ts.

import { compareWhole, isStorageError, type StorageError } from '@varve/base';
import {
  entryCountOf,
  readStoredBlock,
  readStoredProperties,
  readTableFooter,
  type ScanFinding,
  type StoredRange,
  scanBlocks,
  sequenceAt,
  type TableOwner,
  TableReader,
} from '@varve/sstable';
import type { RandomAccessFile } from '@varve/vfs';
import { type DatabaseDirectory, tableFileName } from '../directory/index.js';
import type { TableMetadata } from '../manifest/index.js';
import { isDamage, isDeviceFailure } from './read-failures.js';
import type { SalvageFindings } from './salvage-report.js';
import type { SalvageSource } from './source.js';
import { type LostRange, lossInTable } from './table-loss.js';
import { entriesOf, firstKeyOf, type IntactBlock, lastKeyOf, tableSource } from './table-source.js';

/** Where the table identifier stands in a footer, and how long footers are: docs/format/sstable.md. */
const FOOTER_SIZE_BYTES = 128;
const TABLE_ID_OFFSET = 16;
const TABLE_ID_SIZE_BYTES = 16;
const TABLE_SIZE_BYTES_MAX = 0xffff_ffff;

/** Which table. */
export interface TableRequest {
  readonly fileNumber: number;
  /** What the manifest knows of it; `null` if nothing. */
  readonly known: TableMetadata | null;
  /** Name of its keyspace, for the report. */
  readonly keyspace: string | undefined;
}

/** What is left of a table. */
export interface SalvagedTable {
  readonly source: SalvageSource;
  /** Whose it says it is; `null` if that is lost. */
  readonly owner: TableOwner | null;
}

/** Finds the intact blocks of a table, and notes what is lost. `null` when nothing is left. Reads the whole file. */
export function salvageTable(
  directory: DatabaseDirectory,
  request: TableRequest,
  findings: SalvageFindings,
): SalvagedTable | null {
  const path = directory.pathOf(tableFileName(request.fileNumber));
  const file = directory.fileSystem.openSync(path, 'read');
  try {
    return new TableSalvage(file, request, findings).run(directory);
  } finally {
    file.closeSync();
  }
}

class TableSalvage {
  readonly #file: RandomAccessFile;
  readonly #request: TableRequest;
  readonly #findings: SalvageFindings;
  readonly #blocks: IntactBlock[] = [];
  #entryCount = 0;
  #firstKey: Uint8Array | undefined;
  #lastKey: Uint8Array | undefined;
  #lastSequence = 0;
  #owner: TableOwner | null = null;
  /** As the whole footer said: a failing disk may give that once. */
  #footerTableId: Uint8Array | null = null;

  constructor(file: RandomAccessFile, request: TableRequest, findings: SalvageFindings) {
    this.#file = file;
    this.#request = request;
    this.#findings = findings;
  }

  run(directory: DatabaseDirectory): SalvagedTable | null {
    const tableId = this.#readThroughIndex() ?? this.#readByScan();
    const firstKey = this.#firstKey;
    const lastKey = this.#lastKey;
    if (tableId === null || firstKey === undefined || lastKey === undefined) return null;
    this.#findings.readEntryCount += this.#entryCount;
    const { fileNumber, keyspace = this.#owner?.keyspaceName } = this.#request;
    const table = { fileNumber, keyspace, tableId, blocks: this.#blocks, firstKey, lastKey };
    return { source: tableSource(directory, table, this.#findings), owner: this.#owner };
  }

  /** Step 1. Gives the table's identifier, or `null` when the table does not open. */
  #readThroughIndex(): Uint8Array | null {
    const opened = this.#open();
    if (opened === null) return null;
    const { reader, tableId } = opened;
    this.#owner = reader.properties.owner;
    const lost: number[] = [];
    for (let index = 0; index < reader.blockCount; index++) {
      const offset = reader.storedOffset(index);
      const range = { offset, end: offset + reader.storedLength(index) };
      const content = this.#readBlock(tableId, range);
      if (content === null || !this.#isInOrder(content)) lost.push(index);
      else this.#take(range, content);
    }
    this.#noteLostBlocks(reader, lost);
    return tableId;
  }

  #open(): OpenedTable | null {
    const { known, fileNumber } = this.#request;
    try {
      const footer = readTableFooter(this.#file);
      this.#footerTableId = footer.tableId;
      const tableId = known?.tableId ?? footer.tableId;
      const sizeBytes = known?.sizeBytes ?? this.#file.sizeSync();
      const expected = { fileNumber, tableId, databaseId: footer.databaseId, sizeBytes };
      const reader = TableReader.openSync(this.#file, expected);
      if (reader.filterDamage !== null) this.#note(reader.filterDamage);
      return { reader, tableId };
    } catch (error) {
      // A limit of the machine says nothing of the table: taken for damage, a whole table would be searched for blocks.
      if (!isDamage(error) && !isDeviceFailure(error)) throw error;
      this.#note(error);
      return null;
    }
  }

  /** Neighbouring blocks are one loss; how many entries it has is known when it is the only one. */
  #noteLostBlocks(reader: TableReader, lost: readonly number[]): void {
    const runs: { first: number; last: number }[] = [];
    for (const index of lost) {
      const run = runs.at(-1);
      if (run !== undefined && run.last === index - 1) run.last = index;
      else runs.push({ first: index, last: index });
    }
    const entryCount = reader.properties.entryCount - this.#entryCount;
    for (const { first, last } of runs) {
      const firstKey = first === 0 ? reader.properties.smallestKey : reader.separator(first - 1);
      const isLast = last === reader.blockCount - 1;
      this.#lose({
        offset: reader.storedOffset(first),
        end: reader.storedOffset(last) + reader.storedLength(last),
        firstKey,
        lastKey: isLast ? reader.properties.largestKey : reader.separator(last),
        entryCount: runs.length === 1 ? entryCount : undefined,
        reason: last > first ? `${last - first + 1} damaged blocks` : 'a damaged block',
      });
    }
  }

  /** Step 2. */
  #readByScan(): Uint8Array | null {
    const { known } = this.#request;
    const bytes = readWhole(this.#file, known);
    const tableId = this.#identifierFor(bytes);
    const end = Math.max(bytes.length, known?.sizeBytes ?? 0);
    if (tableId === null) {
      const reason = 'its footer is gone, and without it nothing in it can be checked';
      this.#lose({ offset: 0, end, ...rangeOf(known), entryCount: known?.entryCount, reason });
      return null;
    }
    const found = scanBlocks(bytes, { tableId, path: this.#file.path });
    const gaps = this.#takeFound(found, end);
    this.#owner = this.#findOwner(tableId, found);
    const missing = known === null ? undefined : known.entryCount - this.#entryCount;
    if (missing === 0) return tableId;
    if (missing !== undefined && gaps.length === 0) {
      gaps.push({ offset: 0, end, ...rangeOf(known), reason: 'entries are missing' });
    }
    for (const gap of gaps) {
      this.#lose({ ...gap, entryCount: gaps.length === 1 ? missing : undefined });
    }
    return tableId;
  }

  /** Takes every block, and gives what lies between them: behind the first block of another kind there are no entries. */
  #takeFound(found: readonly ScanFinding[], end: number): LostRange[] {
    const gaps: LostRange[] = [];
    const { known } = this.#request;
    const dataEnd = found.find(({ kind }) => kind === 'other')?.offset ?? end;
    for (const finding of found) {
      const isTaken = finding.kind === 'block' && this.#isInOrder(finding.content);
      if (isTaken) this.#take(finding, finding.content);
      if (isTaken || finding.kind === 'other' || finding.offset >= dataEnd) continue;
      const { offset, end: gapEnd } = finding;
      const firstKey = this.#lastKey ?? known?.smallestKey;
      const reason = finding.kind === 'gap' ? 'no intact block' : 'a block out of order';
      gaps.push({ offset, end: gapEnd, firstKey, lastKey: undefined, reason });
    }
    const bytesEnd = found.at(-1)?.end ?? 0;
    if (bytesEnd < dataEnd) {
      const firstKey = this.#lastKey ?? known?.smallestKey;
      gaps.push({ offset: bytesEnd, end, firstKey, lastKey: undefined, reason: 'cut off' });
    }
    const runs = joined(gaps);
    const next = blocksBehind(runs, found);
    const largestKey = known?.largestKey;
    return runs.map((run, index) => ({ ...run, lastKey: firstKeyIn(next[index]) ?? largestKey }));
  }

  /** Looks for the properties among the blocks that hold no entries. */
  #findOwner(tableId: Uint8Array, found: readonly ScanFinding[]): TableOwner | null {
    for (const range of found.filter(({ kind }) => kind === 'other').reverse()) {
      try {
        return readStoredProperties(this.#file, tableId, range).owner;
      } catch (error) {
        if (!isStorageError(error) || error.code === 'IO') throw error;
      }
    }
    return null;
  }

  #identifierFor(bytes: Uint8Array): Uint8Array | null {
    const tableId = this.#request.known?.tableId ?? this.#footerTableId;
    if (tableId !== null) return tableId;
    if (bytes.length < FOOTER_SIZE_BYTES) return null;
    const start = bytes.length - FOOTER_SIZE_BYTES + TABLE_ID_OFFSET;
    return bytes.slice(start, start + TABLE_ID_SIZE_BYTES);
  }

  #readBlock(tableId: Uint8Array, range: StoredRange): Uint8Array | null {
    try {
      return readStoredBlock(this.#file, tableId, range);
    } catch (error) {
      if (!isStorageError(error) || error.code === 'IO') throw error;
      return null;
    }
  }

  /** Whether the entries of a block ascend, and follow those taken before: a right checksum can be forged. */
  #isInOrder(content: Uint8Array): boolean {
    let key = this.#lastKey;
    let sequence = this.#lastSequence;
    for (const entry of entriesOf(content)) {
      const order = key === undefined ? -1 : compareWhole(key, entry.key);
      if (order > 0 || (order === 0 && entry.sequence >= sequence)) return false;
      key = entry.key;
      sequence = entry.sequence;
    }
    return true;
  }

  #take({ offset, end }: StoredRange, content: Uint8Array): void {
    const entryCount = entryCountOf(content, 0);
    this.#blocks.push({ offset, end, entryCount });
    this.#entryCount += entryCount;
    this.#firstKey ??= firstKeyOf(content);
    this.#lastKey = lastKeyOf(content);
    this.#lastSequence = sequenceAt(content, 0, entryCount - 1);
  }

  #note({ message }: StorageError): void {
    this.#findings.notes.push(message);
  }

  #lose(lost: LostRange): void {
    this.#findings.losses.push(lossInTable(this.#request, lost));
  }
}

interface OpenedTable {
  readonly reader: TableReader;
  readonly tableId: Uint8Array;
}

/**
 * The first block behind each gap, `undefined` where there is none. Requires: both ascend. One pass over both: a damaged file
 * can have as many gaps as blocks.
 */
export function blocksBehind(
  gaps: readonly StoredRange[],
  found: readonly ScanFinding[],
): (ScanFinding | undefined)[] {
  let index = 0;
  return gaps.map(({ end }) => {
    while (index < found.length && (found[index].offset < end || found[index].kind !== 'block')) {
      index += 1;
    }
    return found[index];
  });
}

function firstKeyIn(finding: ScanFinding | undefined): Uint8Array | undefined {
  return finding?.kind === 'block' ? firstKeyOf(finding.content) : undefined;
}

/** Gaps that touch are one. */
function joined(gaps: readonly LostRange[]): LostRange[] {
  const runs: LostRange[] = [];
  for (const gap of gaps) {
    const last = runs.at(-1);
    if (last?.end === gap.offset) runs[runs.length - 1] = { ...last, end: gap.end };
    else runs.push(gap);
  }
  return runs;
}

function rangeOf(known: TableMetadata | null): Pick<LostRange, 'firstKey' | 'lastKey'> {
  return { firstKey: known?.smallestKey, lastKey: known?.largestKey };
}

/** As much of the file as the table has; nothing of one that is larger than a table can be, if that is all that is known. */
function readWhole(file: RandomAccessFile, known: TableMetadata | null): Uint8Array {
  const sizeBytes = Math.min(known?.sizeBytes ?? Number.POSITIVE_INFINITY, file.sizeSync());
  const bytes = new Uint8Array(sizeBytes > TABLE_SIZE_BYTES_MAX ? 0 : sizeBytes);
  return bytes.subarray(0, file.readSync(bytes, 0, bytes.length, 0));
}
