/**
 * The tables a job writes: one after the other, cut at the target size, each synced before it is reported.
 *
 * Order of every output: create, write, fdatasync, close, read back and compare with what was added; then one directory
 * sync for all of them in `finish()`. Only then may a version edit name them, and inputs be given up for them. When a job
 * fails it calls `abandon()`, which removes what it wrote; whoever tries again does so under new numbers.
 */
import { assert } from '@varve/base';
import {
  checkWrittenTable,
  type TableImage,
  type TableSummary,
  TableWriter,
  type TableWriterOptions,
} from '@varve/sstable';
import { type FileSystem, quietly, type RandomAccessFile, usingFileSync } from '@varve/vfs';
import { syncNamesSync, tableFileName } from '../directory/index.js';
import { openTableSync } from './open-table.js';

/** Where a job's outputs go and how they are made: plain data, part of every job. */
export interface TableOutputOptions {
  readonly directory: string;
  /** 16 bytes. */
  readonly databaseId: Uint8Array;
  /** 16 random bytes; every output adds its ordinal, so that no two tables share an id. */
  readonly tableIdBase: Uint8Array;
  readonly firstFileNumber: number;
  readonly fileNumberCount: number;
  readonly targetFileSizeBytes: number;
}

/** An output: what the manifest needs to know, and what opens the table at once. */
export interface TableOutput extends TableSummary {
  readonly image: TableImage;
}

export class TableOutputs {
  #finished: TableOutput[] = [];
  readonly #fileSystem: FileSystem;
  readonly #options: TableOutputOptions;
  readonly #paths: string[] = [];
  #writerOptions: TableWriterOptions = {};
  #file: RandomAccessFile | null = null;
  #writer: TableWriter | null = null;

  constructor(fileSystem: FileSystem, options: TableOutputOptions) {
    this.#fileSystem = fileSystem;
    this.#options = options;
  }

  /** Finishes the current table; those that follow are made with these options. */
  configure(writerOptions: TableWriterOptions): void {
    this.cut();
    this.#writerOptions = writerOptions;
  }

  get targetFileSizeBytes(): number {
    return this.#options.targetFileSizeBytes;
  }

  /** The table being written; a new one is started when there is none. */
  get writer(): TableWriter {
    return this.#writer ?? this.#start();
  }

  /** Bytes of the table being written so far; 0 between tables. */
  get currentSizeBytes(): number {
    return this.#writer === null ? 0 : this.#writer.sizeBytesSoFar;
  }

  /**
   * Finishes, syncs and reads back the table being written, if any.
   * @throws StorageError CORRUPTION when what is in the file is not what was added
   */
  cut(): void {
    const writer = this.#writer;
    const file = this.#file;
    if (writer === null || file === null) return;
    const summary = writer.finish();
    file.syncDataSync();
    file.closeSync();
    this.#writer = null;
    this.#file = null;
    this.#finished.push({ ...summary, image: this.#readBack(summary) });
  }

  /** Takes out the tables finished since the last call. They hold memory: about 1 % of their size. */
  takeFinished(): TableOutput[] {
    return this.#finished.splice(0);
  }

  /**
   * Makes every output durable, names included, and takes out those that are left.
   * @throws StorageError as `cut()`; DURABILITY_UNKNOWN when the sync of the directory fails: nothing may be made durable
   * in it any more
   */
  finish(): TableOutput[] {
    this.cut();
    if (this.#paths.length > 0) syncNamesSync(this.#fileSystem, this.#options.directory);
    return this.takeFinished();
  }

  /** Removes everything written, as far as possible: the job has failed, and nothing names these files. */
  abandon(): void {
    quietly(() => this.#file?.closeSync());
    this.#file = null;
    this.#writer = null;
    for (const path of this.#paths) quietly(() => this.#removeIfThere(path));
  }

  /** On the thread that wrote it, from the page cache: what a disk loses later is found by the checksums of reads. */
  #readBack(summary: TableSummary): TableImage {
    const reader = openTableSync(this.#fileSystem, this.#options, summary);
    return usingFileSync({ closeSync: () => reader.close() }, () => {
      checkWrittenTable(reader, summary);
      return reader.image;
    });
  }

  #removeIfThere(path: string): void {
    if (this.#fileSystem.existsSync(path)) this.#fileSystem.removeSync(path);
  }

  #start(): TableWriter {
    const { directory, databaseId, firstFileNumber, fileNumberCount } = this.#options;
    const ordinal = this.#paths.length;
    assert(ordinal < fileNumberCount, 'A job wrote more tables than it reserved numbers for');
    const fileNumber = firstFileNumber + ordinal;
    const path = `${directory}/${tableFileName(fileNumber)}`;
    // The numbers are this job's alone, so such a file is left from an attempt whose thread died.
    this.#removeIfThere(path);
    this.#file = this.#fileSystem.openSync(path, 'create');
    this.#paths.push(path);
    const identity = { fileNumber, tableId: this.#tableId(ordinal), databaseId };
    this.#writer = new TableWriter(this.#file, identity, this.#writerOptions);
    return this.#writer;
  }

  #tableId(ordinal: number): Uint8Array {
    const id = this.#options.tableIdBase.slice();
    const view = new DataView(id.buffer);
    view.setUint32(0, (view.getUint32(0, true) + ordinal) >>> 0, true);
    return id;
  }
}
