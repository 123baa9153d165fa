// A tree to read from without a database around it: memtables, level 0 and deeper levels in memory, filled so that newer
// versions always lie above older ones, with a model of what each reader must see.

import { EntryKind, encodeText, type Random } from '@varve/base';
import { type TableSummary, TableWriter } from '@varve/sstable';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { tableFileName } from '../directory/index.js';
import { resolveEncoding } from '../encoding/index.js';
import { type TableAddition, Version } from '../manifest/index.js';
import { entrySize, Memtable, writeDelete, writePut } from '../memtable/index.js';
import { PointReader, type RangeHost } from '../read/index.js';
import { BlockCache, TableStore } from '../tables/index.js';
import { CurrentView, OpenHandles } from '../view/index.js';
import { HeldScheduler } from './held-scheduler.js';
import { HookedFileSystem } from './hooked-file-system.js';

const DIRECTORY = '/db';
const DATABASE_ID = new Uint8Array(16).fill(0xdb);
const BLOCK_SIZE_BYTES = 512;
const text = resolveEncoding('utf8');

/** How keys and values of tests are read. */
export const FORMAT = { keyspaceId: 0, key: text, value: text };

/** One version of one key; `null` for a tombstone. */
export interface ModelEntry {
  readonly key: string;
  readonly sequence: number;
  readonly value: string | null;
}

/** Where entries lie: the first is the active memtable, then come the frozen ones. */
export interface Layers {
  readonly memtables: readonly (readonly ModelEntry[])[];
  /** Tables of level 0, newest first. */
  readonly level0: readonly (readonly ModelEntry[])[];
  /** Levels 1 and deeper, each one sorted run that is cut into tables. */
  readonly deeper: readonly (readonly ModelEntry[])[];
}

/** See the head of this file. */
export class ReadBench implements RangeHost {
  readonly scheduler = new HeldScheduler();
  readonly memory = new MemoryFileSystem({ scheduler: this.scheduler });
  readonly hooked = new HookedFileSystem(this.memory);
  readonly fileSystem = new FaultyFileSystem(this.hooked);
  readonly handles = new OpenHandles();
  readonly tables: TableStore;
  readonly current: CurrentView;
  readonly points: PointReader;
  /** Files of the tables by level; index 0 is level 0. */
  readonly files: TableAddition[] = [];
  readonly entries: readonly ModelEntry[];
  isClosed = false;
  yieldCount = 0;
  nowMs = 0;
  #nextFileNumber = 1;

  constructor(layers: Layers, options: { readonly cacheBytes?: number } = {}) {
    this.memory.makeDirectorySync(DIRECTORY);
    const cache = new BlockCache({
      capacityBytes: options.cacheBytes ?? 1024 * 1024,
      slotSizeBytes: BLOCK_SIZE_BYTES,
    });
    this.tables = new TableStore({
      fileSystem: this.fileSystem,
      ...{ directory: DIRECTORY, databaseId: DATABASE_ID, cache },
    });
    for (const entries of layers.level0.toReversed()) this.#addTable(0, entries);
    for (const [index, entries] of layers.deeper.entries()) {
      for (const part of cutByKey(entries, 40)) this.#addTable(index + 1, part);
    }
    for (const { table } of this.files) this.tables.openSync(table);
    const { memtables, level0, deeper } = layers;
    this.entries = [...memtables, ...level0, ...deeper].flat();
    this.current = new CurrentView({
      memtables: layers.memtables.map(makeMemtable),
      version: this.#makeVersion(),
      visibleSequence: Math.max(0, ...this.entries.map(({ sequence }) => sequence)),
      onMemtableUnused: () => {},
    });
    this.points = new PointReader(this.current, this.tables);
  }

  assertReadable(): void {
    if (this.isClosed) throw new Error('the bench is closed');
  }

  async yieldTurn(): Promise<void> {
    this.yieldCount += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  /** Counts the reads of files from now on. */
  countReads(): { count: number } {
    const reads = { count: 0 };
    this.hooked.beforeCall = ({ operation }) => {
      if (operation === 'read') reads.count += 1;
    };
    return reads;
  }

  /** Holds every asynchronous read from now on. */
  holdReads(): void {
    this.scheduler.holds = ({ operation }) => operation === 'read';
  }

  /** Forgets every cached block. */
  dropCache(): void {
    for (const { table } of this.files) {
      this.tables.cache.dropTable(this.tables.get(table.fileNumber));
    }
  }

  /** Inverts a bit in the data block of a table of `level` that holds the key. */
  damageBlockOf(key: string, level: number): void {
    const bytes = encodeText(key);
    for (const addition of this.files) {
      if (addition.level !== level) continue;
      const { reader } = this.tables.get(addition.table.fileNumber);
      const blockIndex = reader.findBlock(bytes, 0, bytes.length);
      if (blockIndex === reader.blockCount) continue;
      const file = this.memory.openSync(reader.path, 'write');
      const offset = reader.storedOffset(blockIndex) + 10;
      const byte = new Uint8Array(1);
      file.readSync(byte, 0, 1, offset);
      byte[0]! ^= 4;
      file.writeSync(byte, 0, 1, offset);
      file.closeSync();
      return;
    }
    throw new Error(`no table of level ${level} can hold ${key}`);
  }

  /** The value of a key as of a sequence. */
  expected(key: string, sequence: number): string | undefined {
    const versions = this.entries.filter(
      (entry) => entry.key === key && entry.sequence <= sequence,
    );
    versions.sort((a, b) => b.sequence - a.sequence);
    return versions[0]?.value ?? undefined;
  }

  /** Everything that can be seen as of a sequence, in order. */
  expectedEntries(sequence: number): [string, string][] {
    const keys = [...new Set(this.entries.map(({ key }) => key))].sort();
    return keys.flatMap((key): [string, string][] => {
      const value = this.expected(key, sequence);
      return value === undefined ? [] : [[key, value]];
    });
  }

  #addTable(level: number, entries: readonly ModelEntry[]): void {
    if (entries.length === 0) return;
    const fileNumber = this.#nextFileNumber++;
    const tableId = new Uint8Array(16).fill(fileNumber);
    const file = this.memory.openSync(`${DIRECTORY}/${tableFileName(fileNumber)}`, 'create');
    const identity = { fileNumber, tableId, databaseId: DATABASE_ID };
    const writer = new TableWriter(file, identity, {
      blockSizeBytes: BLOCK_SIZE_BYTES,
      codec: 'lz4',
    });
    for (const { key, value, sequence } of sorted(entries)) {
      const keyBytes = encodeText(key);
      const valueBytes = encodeText(value ?? '');
      const kind = value === null ? EntryKind.delete : EntryKind.put;
      writer.add(keyBytes, 0, keyBytes.length, valueBytes, 0, valueBytes.length, sequence, kind);
    }
    const summary: TableSummary = writer.finish();
    file.closeSync();
    this.files.push({ keyspaceId: 0, level, table: summary });
  }

  #makeVersion(): Version {
    const metadata = { name: 'default', keyEncoding: 'utf8', valueEncoding: 'utf8' };
    return Version.blank().apply({
      nextFileNumber: this.#nextFileNumber,
      keyspacesAdded: [{ id: 0, compression: 'none', ...metadata }],
      tablesAdded: this.files,
    });
  }
}

/** Random versions of few keys, dealt out to all layers; some are empty, some values larger than a block. */
export function randomLayers(random: Random, entryCount: number): Layers {
  const keyCount = 1 + random.below(entryCount);
  const keys = Array.from({ length: keyCount }, () => `k${random.below(400)}`);
  let sequence = 0;
  const layer = (): ModelEntry[] => {
    const count = random.below(4) === 0 ? 0 : Math.ceil((entryCount * random.float()) / 3);
    return Array.from({ length: count }, () => {
      sequence += 1;
      const size = random.below(30) === 0 ? 900 : random.below(60);
      const value = random.below(5) === 0 ? null : `${sequence}${'.'.repeat(size)}`;
      return { key: keys[random.below(keyCount)]!, sequence, value };
    });
  };
  const deeper = [layer(), layer()].reverse();
  const level0 = [layer(), layer(), layer()].reverse();
  const memtables = [layer(), layer()].reverse();
  return { memtables, level0, deeper };
}

function makeMemtable(entries: readonly ModelEntry[]): Memtable {
  const inOrder = [...entries].sort((a, b) => a.sequence - b.sequence);
  const memtable = new Memtable({
    arenaSizeBytes: 1024 * 1024,
    firstSequence: inOrder[0]?.sequence ?? 1,
  });
  for (const { key, value, sequence } of inOrder) {
    const keyBytes = encodeText(key);
    const valueBytes = encodeText(value ?? '');
    const kind = value === null ? EntryKind.delete : EntryKind.put;
    const size = entrySize(kind, 0, keyBytes.length, valueBytes.length);
    const offset = memtable.arena.reserve(size);
    const { bytes } = memtable.arena;
    const [keyEnd, valueEnd] = [keyBytes.length, valueBytes.length];
    if (value === null) writeDelete(bytes, offset, 0, keyBytes, 0, keyEnd);
    else writePut(bytes, offset, 0, keyBytes, 0, keyEnd, valueBytes, 0, valueEnd);
    memtable.insert(offset, sequence);
  }
  return memtable;
}

/** Parts of about `count` entries, never cut between two versions of one key. */
function cutByKey(entries: readonly ModelEntry[], count: number): ModelEntry[][] {
  const parts: ModelEntry[][] = [];
  for (const entry of sorted(entries)) {
    const part = parts.at(-1);
    const isFull = part === undefined || part.length >= count;
    if (isFull && part?.at(-1)?.key !== entry.key) parts.push([entry]);
    else part!.push(entry);
  }
  return parts;
}

function sorted(entries: readonly ModelEntry[]): ModelEntry[] {
  return [...entries].sort((a, b) => {
    if (a.key !== b.key) return a.key < b.key ? -1 : 1;
    return b.sequence - a.sequence;
  });
}

/** One table of level 1 with many blocks. */
export function oneTable(count = 60): Layers {
  const entries = Array.from({ length: count }, (_, index) => ({
    key: `k${String(index).padStart(4, '0')}`,
    sequence: index + 1,
    value: `${index}`.padEnd(40, '.'),
  }));
  return { memtables: [[]], level0: [], deeper: [entries] };
}

/** A memtable with tombstones between the keys `a` and `z`. */
export function deletedBetween(count: number): Layers {
  const deleted = Array.from({ length: count }, (_, index) => ({
    key: `k${String(index).padStart(4, '0')}`,
    sequence: index + 3,
    value: null,
  }));
  const [first, last] = ['a', 'z'].map((key, index) => ({ key, sequence: index + 1, value: key }));
  return { memtables: [[first!, last!, ...deleted]], level0: [], deeper: [] };
}
