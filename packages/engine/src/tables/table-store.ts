/**
 * The open tables, by file number.
 *
 * Every table of the current version is open: its index and filter are in memory, charged to the cache's budget. A
 * table is closed when no version needs it any more; its file is removed by `collect`. Files of open tables that are not
 * read may be closed meanwhile (`table-files.ts`).
 */
import { isStorageError } from '@varve/base';
import type { TableReader } from '@varve/sstable';
import type { FileSystem } from '@varve/vfs';
import type { BlockCache } from './block-cache.js';
import { BlockLoader } from './block-loader.js';
import {
  adoptTableSync,
  openTable,
  openTableSync,
  type TablePlace,
  type WrittenTable,
} from './open-table.js';
import { TableFiles } from './table-files.js';
import { type TableFile, TableHandle } from './table-handle.js';

export interface TableStoreOptions extends TablePlace {
  readonly fileSystem: FileSystem;
  readonly cache: BlockCache;
  /** Files of tables that are open at most, but for those being read. Default: no limit. */
  readonly openFileCountMax?: number;
  /** Opens them, with a limit of its own, where others are to have its files too. Default: made here. */
  readonly files?: TableFiles;
}

/** As many as Node.js has threads for files, and some that wait for one. */
const OPENED_AT_ONCE_COUNT = 8;

/** Tables that stand together in a version. */
export interface TableGroup {
  readonly tables: readonly TableFile[];
}

export class TableStore {
  readonly cache: BlockCache;
  readonly loader: BlockLoader;
  readonly files: TableFiles;
  readonly #options: TableStoreOptions;
  readonly #handles = new Map<number, TableHandle>();
  /** Answers of `versionsPerKeyIn`: a level never changes, and is asked by every cursor. */
  readonly #versionsPerKey = new WeakMap<TableGroup, 'one' | 'any'>();
  #memoryBytes = 0;
  #damagedFilterCount = 0;

  constructor(options: TableStoreOptions) {
    this.#options = options;
    this.cache = options.cache;
    this.loader = new BlockLoader(options.cache);
    const { fileSystem, openFileCountMax = Number.POSITIVE_INFINITY } = options;
    this.files = options.files ?? new TableFiles({ fileSystem, openCountMax: openFileCountMax });
  }

  get openCount(): number {
    return this.#handles.size;
  }

  /** Index, filter and block-map bytes of all open tables. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Tables whose filter failed its checksum; they are read without it. */
  get damagedFilterCount(): number {
    return this.#damagedFilterCount;
  }

  /**
   * Opens and checks a table; does nothing when it is open.
   * @throws StorageError CORRUPTION `sst.missing` when the file is not there, other places when it is damaged
   */
  openSync(table: TableFile): void {
    if (this.#handles.has(table.fileNumber)) return;
    this.#add(table, openTableSync(this.files, this.#options, table));
  }

  /**
   * Opens tables, several at a time: the disk and the other threads read while this one checks what has been read. Rejects
   * as `openSync` throws, with what is wrong with the first of them; then no read is under way, and some may be open.
   * Where there are not files enough for several at a time, the rest is opened one by one, which takes one.
   */
  async openAll(tables: readonly TableFile[]): Promise<void> {
    let nextIndex = 0;
    const failures: { readonly index: number; readonly error: unknown }[] = [];
    const openInTurn = async (): Promise<void> => {
      while (nextIndex < tables.length && failures.length === 0) {
        const index = nextIndex++;
        try {
          await this.#open(tables[index]!);
        } catch (error) {
          failures.push({ index, error });
        }
      }
    };
    await Promise.all(Array.from({ length: OPENED_AT_ONCE_COUNT }, openInTurn));
    const [first] = failures.sort((a, b) => a.index - b.index);
    if (failures.some(({ error }) => isStorageError(error) && error.code === 'TOO_MANY_FILES'))
      for (const table of tables) this.openSync(table);
    else if (first !== undefined) throw first.error;
  }

  async #open(table: TableFile): Promise<void> {
    if (this.#handles.has(table.fileNumber)) return;
    this.#add(table, await openTable(this.files, this.#options, table));
  }

  /** Opens a table that a job has written and read back: only that the file is that table is checked. Errors: as above. */
  adoptSync(table: WrittenTable): void {
    if (this.#handles.has(table.fileNumber)) return;
    const { fileNumber, tableId, sizeBytes } = table;
    const reader = adoptTableSync(this.files, this.#options, table);
    this.#add({ fileNumber, tableId, sizeBytes }, reader);
  }

  #add(table: TableFile, reader: TableReader): void {
    const handle = new TableHandle(table, reader);
    this.#handles.set(table.fileNumber, handle);
    this.#memoryBytes += handle.memoryBytes;
    if (handle.reader.filterDamaged) this.#damagedFilterCount += 1;
    this.cache.charge(handle.memoryBytes);
  }

  /** Requires: the table is open. */
  get(fileNumber: number): TableHandle {
    return this.#handles.get(fileNumber)!;
  }

  /**
   * Whether each table of a level is known to hold one version of each of its keys. O(tables) once per level, then O(1).
   * Requires: its tables are open.
   */
  versionsPerKeyIn(level: TableGroup): 'one' | 'any' {
    const known = this.#versionsPerKey.get(level);
    if (known !== undefined) return known;
    const isOne = level.tables.every(
      ({ fileNumber }) => this.get(fileNumber).reader.versionsPerKey === 'one',
    );
    const answer = isOne ? 'one' : 'any';
    this.#versionsPerKey.set(level, answer);
    return answer;
  }

  /** Closes a table that no version needs. */
  close(fileNumber: number): void {
    const handle = this.#handles.get(fileNumber);
    if (handle === undefined) return;
    this.#handles.delete(fileNumber);
    this.#memoryBytes -= handle.memoryBytes;
    handle.closed = true;
    this.cache.dropTable(handle);
    this.cache.charge(-handle.memoryBytes);
    closeQuietly(handle);
  }

  closeAll(): void {
    for (const fileNumber of [...this.#handles.keys()]) this.close(fileNumber);
    this.cache.release();
  }
}

/** A file that was only read has nothing to lose: a failure to close it must not keep others open. */
function closeQuietly({ reader }: TableHandle): void {
  try {
    reader.close();
  } catch (error) {
    if (!isStorageError(error)) throw error;
  }
}
