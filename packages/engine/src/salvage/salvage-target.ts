// The new database of a salvage: every keyspace becomes one sorted run in the deepest level.

import { type Random, StorageError } from '@varve/base';
import type { TableSummary } from '@varve/sstable';
import { type FileSystem, quietly } from '@varve/vfs';
import { DatabaseDirectory, LOCK_FILE_NAME, parentOf } from '../directory/index.js';
import {
  BOTTOM_LEVEL,
  DEFAULT_KEYSPACE_ID,
  type KeyspaceMetadata,
  type TableAddition,
  VersionSet,
} from '../manifest/index.js';
import { ownerOf, TableOutputs } from '../tables/index.js';
import type { SalvagedKeyspace } from './salvage-report.js';
import { mergeSources, type SalvagedEntry, type SalvageSource } from './source.js';

/** A keyspace to be written. */
export interface TargetKeyspace {
  readonly metadata: KeyspaceMetadata;
  readonly sources: readonly SalvageSource[];
  readonly origin: SalvagedKeyspace['origin'];
}

/** What the new database is made with; the first keyspace is the default one. */
export interface TargetOptions {
  readonly random: Random;
  readonly keyspaces: readonly TargetKeyspace[];
}

/** What was written. */
export interface WrittenDatabase {
  readonly keyspaces: readonly SalvagedKeyspace[];
  readonly entryCount: number;
  readonly tableCount: number;
  readonly sizeBytes: number;
}

const IDENTIFIER_SIZE_BYTES = 16;
const TARGET_FILE_SIZE_BYTES = 32 * 1024 * 1024;
/** More than there can be tables: a number that is not used costs nothing. */
const FILE_NUMBER_COUNT = 1_000_000;
const PARENT_STEP_REASON = "it has '..' behind a directory that does not exist";

/** See the head of this file. */
export class SalvageTarget {
  readonly #directory: DatabaseDirectory;
  readonly #versions: VersionSet;
  readonly #outputs: TableOutputs;
  readonly #keyspaces: readonly TargetKeyspace[];
  readonly #written: SalvagedKeyspace[] = [];
  readonly #tables: TableAddition[] = [];
  #lastSequence = 0;

  private constructor(
    fileSystem: FileSystem,
    directory: DatabaseDirectory,
    { random, keyspaces }: TargetOptions,
  ) {
    const databaseId = randomId(random);
    this.#keyspaces = keyspaces;
    this.#directory = directory;
    const defaultKeyspace = keyspaces[0]!.metadata;
    this.#versions = VersionSet.create(directory, { databaseId, defaultKeyspace });
    this.#outputs = new TableOutputs(fileSystem, {
      directory: directory.path,
      databaseId,
      tableIdBase: randomId(random),
      firstFileNumber: this.#versions.takeFileNumbers(FILE_NUMBER_COUNT),
      fileNumberCount: FILE_NUMBER_COUNT,
      targetFileSizeBytes: TARGET_FILE_SIZE_BYTES,
    });
  }

  /** Throws unless a database can be made in `target` without touching the directory `source`. Makes nothing. */
  static check(fileSystem: FileSystem, source: string, target: string): void {
    let ancestor = target;
    while (!fileSystem.existsSync(ancestor)) {
      // Where this leads is not known before what stands in front of it is made.
      if (isParentStep(ancestor)) throw refused('INVALID_ARGUMENT', target, PARENT_STEP_REASON);
      ancestor = parentOf(ancestor);
    }
    const resolved = fileSystem.realPathSync(ancestor);
    if (resolved === source || resolved.startsWith(`${source}/`)) {
      throw refused('INVALID_ARGUMENT', target, 'it lies in the damaged database');
    }
    if (ancestor !== target) return;
    if (fileSystem.statSync(resolved).kind !== 'directory') {
      throw refused('ALREADY_EXISTS', target, 'it is not a directory');
    }
    // A salvage that was cut short leaves its lock file.
    if (fileSystem.listSync(resolved).some((name) => name !== LOCK_FILE_NAME)) {
      throw refused('ALREADY_EXISTS', target, 'it is not empty');
    }
  }

  /** Makes and locks the directory. Requires: `check()` passed. */
  static create(fileSystem: FileSystem, path: string, options: TargetOptions): SalvageTarget {
    const directory = DatabaseDirectory.openSync(fileSystem, path, {
      access: 'readWrite',
      createIfMissing: true,
      owner: 'varve salvage',
    });
    try {
      return new SalvageTarget(fileSystem, directory, options);
    } catch (error) {
      quietly(() => directory.close());
      throw error;
    }
  }

  /** Writes one keyspace; gives way after every entry. */
  *write({ metadata, sources, origin }: TargetKeyspace): Generator<void, void> {
    const outputs = this.#outputs;
    outputs.configure({ codec: metadata.compression, owner: ownerOf(metadata) });
    const summaries: TableSummary[] = [];
    const cut = (): void => {
      outputs.cut();
      summaries.push(...outputs.takeFinished().map(({ image: _, ...summary }) => summary));
    };
    for (const entry of mergeSources(sources)) {
      if (outputs.currentSizeBytes >= TARGET_FILE_SIZE_BYTES) cut();
      this.#add(entry);
      yield;
    }
    cut();
    this.#note({ metadata, sources, origin }, summaries);
  }

  /** Puts the database in force and gives what it holds. */
  async finish(): Promise<WrittenDatabase> {
    this.#outputs.finish();
    const others = this.#keyspaces.map(({ metadata }) => metadata);
    await this.#versions.publish({
      keyspacesAdded: others.filter(({ id }) => id !== DEFAULT_KEYSPACE_ID),
      tablesAdded: this.#tables,
      lastSequence: this.#lastSequence,
    });
    await this.#versions.close();
    this.#directory.close();
    return {
      keyspaces: this.#written,
      entryCount: sum(this.#written, ({ entryCount }) => entryCount),
      tableCount: sum(this.#written, ({ tableCount }) => tableCount),
      sizeBytes: sum(this.#written, ({ sizeBytes }) => sizeBytes),
    };
  }

  /** Removes what was written, as far as possible. */
  abandon(): void {
    this.#outputs.abandon();
    // What is closed is removed with the rest.
    void this.#versions.close().catch(() => {});
    this.#directory.close();
  }

  #add({ key, value, sequence, kind }: SalvagedEntry): void {
    this.#lastSequence = Math.max(this.#lastSequence, sequence);
    this.#outputs.writer.add(key, 0, key.length, value, 0, value.length, sequence, kind);
  }

  #note({ metadata, origin }: TargetKeyspace, summaries: readonly TableSummary[]): void {
    const keyspaceId = metadata.id;
    for (const table of summaries) this.#tables.push({ keyspaceId, level: BOTTOM_LEVEL, table });
    this.#written.push({
      name: metadata.name,
      entryCount: sum(summaries, ({ entryCount }) => entryCount),
      tableCount: summaries.length,
      sizeBytes: sum(summaries, ({ sizeBytes }) => sizeBytes),
      origin,
    });
  }
}

function randomId(random: Random): Uint8Array {
  const id = new Uint8Array(IDENTIFIER_SIZE_BYTES);
  random.fill(id);
  return id;
}

/** Whether the last part of a path is `..`. */
function isParentStep(path: string): boolean {
  return /(?:^|\/)\.\.\/*$/.test(path);
}

function refused(
  code: 'INVALID_ARGUMENT' | 'ALREADY_EXISTS',
  target: string,
  reason: string,
): StorageError {
  return new StorageError(code, `Cannot salvage into ${target}: ${reason}`, { file: target });
}

function sum<T>(items: readonly T[], size: (item: T) => number): number {
  return items.reduce((total, item) => total + size(item), 0);
}
