// The state of a database that is open: its current version, the manifest that records it, and which
// files must be kept.
//
// An edit is appended to the manifest with one write and is current at once; it is durable after the
// next sync. Until then a crash may take it back, so everything the version before it needs is kept:
// files are given up only when no version since the last durable one, and none that a reader holds,
// names them. How manifests are replaced is in manifest-succession.ts.
//
// Life: `loadSync` or `create` gives a set that only reads and hands out file numbers, for recovery;
// `publish` puts a fresh manifest in force; then edits are logged.

import { assert, StorageError } from '@varve/base';
import {
  type DatabaseDirectory,
  MANIFEST_NUMBER_STEP,
  manifestFileName,
  type NumberedFile,
  readCurrentSync,
} from '../directory/index.js';
import { DEFAULT_KEYSPACE_ID, type KeyspaceMetadata } from './keyspace.js';
import { refuseLostCurrentSync } from './lost-current.js';
import { readManifestSync } from './manifest-reader.js';
import { ManifestSuccession } from './manifest-succession.js';
import { RetainedVersions } from './retained-versions.js';
import { Version } from './version.js';
import type { VersionEdit } from './version-edit.js';
import { encodeEdit } from './version-edit-codec.js';

/** How a version set treats its manifest. */
export interface VersionSetOptions {
  /**
   * From this size on, and from twice the size it began with, a manifest should be replaced by a fresh
   * one. Larger: fewer replacements, slower opening. Default: 4 MiB.
   */
  readonly rotationSizeBytes?: number;
}

/** What a new database is made with. */
export interface DatabaseIdentity {
  /** 16 bytes, random: in every file of the database. */
  readonly databaseId: Uint8Array;
  readonly defaultKeyspace: KeyspaceMetadata;
}

/** The files that must not be removed. */
export interface LiveFiles {
  readonly tables: ReadonlySet<number>;
  readonly logs: ReadonlySet<number>;
  readonly manifests: ReadonlySet<number>;
}

const ROTATION_SIZE_BYTES_DEFAULT = 4 * 1024 * 1024;
const ROTATION_GROWTH_FACTOR = 2;

interface StartingPoint {
  readonly databaseId: Uint8Array;
  readonly version: Version;
  readonly discardedBytes: number;
  /** Number of the manifest it was read from. */
  readonly fileNumber: number | undefined;
}

/** See the head of this file. */
export class VersionSet {
  /** 16 bytes. */
  readonly databaseId: Uint8Array;
  /** Bytes of the loaded manifest that held edits which were never durable. */
  readonly discardedBytes: number;
  readonly #directory: DatabaseDirectory;
  readonly #versions: RetainedVersions;
  readonly #manifests: ManifestSuccession;
  readonly #rotationSizeBytes: number;
  /** Every file that existed when the set was made has a lower number. */
  readonly #firstFileNumber: number;
  #nextFileNumber: number;
  #replacement: Promise<void> | null = null;
  #state: 'open' | 'closed' = 'open';

  private constructor(
    directory: DatabaseDirectory,
    start: StartingPoint,
    options: VersionSetOptions,
  ) {
    this.databaseId = start.databaseId;
    this.discardedBytes = start.discardedBytes;
    this.#directory = directory;
    this.#versions = new RetainedVersions(start.version);
    this.#manifests = new ManifestSuccession(directory, start.fileNumber);
    this.#rotationSizeBytes = options.rotationSizeBytes ?? ROTATION_SIZE_BYTES_DEFAULT;
    // What a crash left behind has numbers that the manifest does not know to be taken.
    this.#firstFileNumber = directory
      .listSync()
      .reduce((next, file) => Math.max(next, file.fileNumber + 1), start.version.nextFileNumber);
    this.#nextFileNumber = this.#firstFileNumber;
  }

  /** See {@link RetainedVersions.pinnedBytes}. */
  get pinnedBytes(): number {
    return this.#versions.pinnedBytes;
  }

  /**
   * Reads what CURRENT names, and changes nothing; `undefined` for a directory without a database.
   *
   * @throws StorageError CORRUPTION `current`, `manifest`, or `wal` for a log that has no CURRENT and is
   * damaged; UNSUPPORTED_FORMAT.
   */
  static loadSync(
    directory: DatabaseDirectory,
    options: VersionSetOptions = {},
  ): VersionSet | undefined {
    const fileNumber = readCurrentSync(directory);
    if (fileNumber === undefined) {
      refuseLostCurrentSync(directory);
      return undefined;
    }
    const content = readManifestSync(directory, fileNumber);
    return new VersionSet(directory, { ...content, fileNumber }, options);
  }

  /** The state of a database that does not exist yet; `publish()` creates it. */
  static create(
    directory: DatabaseDirectory,
    identity: DatabaseIdentity,
    options: VersionSetOptions = {},
  ): VersionSet {
    const { databaseId, defaultKeyspace } = identity;
    assert(defaultKeyspace.id === DEFAULT_KEYSPACE_ID, 'the default keyspace has id 0');
    const version = Version.blank().apply({ keyspacesAdded: [defaultKeyspace] });
    const start = { databaseId, version, discardedBytes: 0, fileNumber: undefined };
    return new VersionSet(directory, start, options);
  }

  /** The newest version, durable or not. Whoever keeps it beyond the current turn retains it. */
  get current(): Version {
    return this.#versions.current;
  }

  /** How many edits were logged since the set was made; `publish()` counts as one. */
  get editCount(): number {
    return this.#versions.editCount;
  }

  /** Every edit up to this one survives a power loss. */
  get durableEditCount(): number {
    return this.#manifests.durableEditCount;
  }

  /** Size of the manifest in force; 0 before `publish()`. */
  get manifestSizeBytes(): number {
    return this.#manifests.inForce?.sizeBytes ?? 0;
  }

  /** Path of the manifest in force, for messages. */
  get manifestPath(): string {
    const fileNumber = this.#manifests.inForce?.fileNumber;
    return fileNumber === undefined
      ? this.#directory.path
      : this.#directory.pathOf(manifestFileName(fileNumber));
  }

  /** How many versions keep their files: 1 when everything is durable and nobody reads. */
  get keptVersionCount(): number {
    return this.#versions.keptCount;
  }

  /** Why the manifest in force takes no more edits until `rotate()` has succeeded; undefined while it takes them. */
  get failure(): unknown {
    return this.#manifests.inForce?.failure;
  }

  /** Whether `rotate()` is due: the manifest has grown enough, or takes no more edits. */
  get needsRotation(): boolean {
    const manifest = this.#manifests.inForce;
    if (manifest === null) return false;
    const growthLimit = manifest.startSizeBytes * ROTATION_GROWTH_FACTOR;
    const limit = Math.max(this.#rotationSizeBytes, growthLimit);
    return manifest.failure !== undefined || manifest.sizeBytes >= limit;
  }

  /**
   * Takes `count` numbers for new files and gives the first of them. A number that is not used is lost,
   * which costs nothing.
   *
   * @throws StorageError INTERNAL when there are no more numbers.
   */
  takeFileNumbers(count: number): number {
    assert(Number.isSafeInteger(count) && count > 0, 'at least one file number is taken');
    const first = this.#nextFileNumber;
    if (!Number.isSafeInteger(first + count)) {
      throw new StorageError('INTERNAL', `Cannot number a file: ${first} is the last number`);
    }
    this.#nextFileNumber = first + count;
    return first;
  }

  /**
   * Writes a fresh manifest with the current state changed by `edit`, and puts it in force; the edit is
   * durable when it resolves. Called once, after recovery. Files the edit names must be durable, names
   * included.
   *
   * @throws StorageError of the call that failed. The set cannot be used any more; a directory that had
   * a database still has it.
   */
  async publish(edit: VersionEdit = {}): Promise<void> {
    this.#checkOpen('publish');
    assert(this.#manifests.inForce === null, 'a set is published once');
    const fileNumber = this.#takeManifestNumber();
    const complete = this.#completed(edit);
    this.#versions.install(this.current.apply(complete), complete);
    await this.#track(this.#replaceManifest(fileNumber));
  }

  /**
   * Appends an edit to the manifest with one write and makes it current. Gives its number, to compare
   * with `durableEditCount`. Files it names must be durable, names included. About 40 µs, and a copy of
   * the table arrays of the levels that change.
   *
   * @throws StorageError NO_SPACE or IO when the write fails: the edit is not in force, but a crash may
   * bring it into force, so the files it names must be kept until `rotate()` has succeeded; before that
   * no edit is taken. READ_ONLY when it is unknown what is on disk.
   */
  log(edit: VersionEdit): number {
    this.#checkOpen('log an edit to');
    const complete = this.#completed(edit);
    const next = this.current.apply(complete);
    this.#manifests.append(encodeEdit(complete), this.editCount + 1);
    this.#versions.install(next, complete);
    return this.editCount;
  }

  /**
   * Resolves once every edit logged so far survives a power loss; those logged meanwhile are not waited
   * for.
   *
   * @throws StorageError DURABILITY_UNKNOWN when the sync fails: nothing can be logged any more.
   */
  async sync(): Promise<void> {
    await this.#manifests.sync(this.editCount);
    this.#versions.noteDurable(this.durableEditCount);
  }

  /** As {@link VersionSet.sync}, blocking. May be called while that or `rotate()` runs. */
  syncSync(): void {
    this.#manifests.syncSync(this.editCount);
    this.#versions.noteDurable(this.durableEditCount);
  }

  /**
   * Replaces the manifest by a fresh one; edits may be logged meanwhile. What was logged before is
   * durable when it resolves. Called while it runs, it gives the same promise.
   *
   * @throws StorageError NO_SPACE, TOO_MANY_FILES or IO: the old manifest stays in force and nothing is
   * lost; try again. DURABILITY_UNKNOWN: nothing can be logged any more.
   */
  rotate(): Promise<void> {
    return this.#replacement ?? this.#track(this.#rotate());
  }

  /**
   * Elsewhere a sync of the directory failed, so the names of what is being made may be lost, whatever the syncs say that
   * run meanwhile: nothing is logged, put in force or given up from now on.
   */
  refuse(error: StorageError): void {
    this.#manifests.refuse(error);
  }

  /**
   * Everything that must be kept, at this moment. O(tables). What is being written and not logged yet is
   * not among it: what may be removed is told by the two methods below.
   */
  liveFiles(): LiveFiles {
    return {
      tables: this.#versions.liveTables(),
      logs: this.#versions.liveLogs(),
      manifests: new Set(this.#manifests.fileNumbers),
    };
  }

  /**
   * The files that were live and are not any more, each given once: they may be removed, logs also
   * recycled. O(files given). None once it is unknown what is on disk.
   */
  takeUnusedFiles(): NumberedFile[] {
    if (this.#manifests.hasFailed) return [];
    const manifests = this.#manifests
      .takeUnused()
      .map((fileNumber) => ({ kind: 'manifest', fileNumber }) as const);
    return [...this.#versions.takeUnused(), ...manifests];
  }

  /**
   * The files an earlier process left that nothing refers to; spare logs are among them. Lists the
   * directory. Files made since are never given, so it may be called at any time after `publish()`.
   */
  findOrphansSync(): NumberedFile[] {
    assert(this.#manifests.inForce !== null, 'orphans are known once a manifest is in force');
    const live = this.liveFiles();
    return this.#directory.listSync().filter(({ kind, fileNumber }) => {
      if (fileNumber >= this.#firstFileNumber) return false;
      if (kind === 'table') return !live.tables.has(fileNumber);
      if (kind === 'log') return !live.logs.has(fileNumber);
      return kind !== 'manifest' || !live.manifests.has(fileNumber);
    });
  }

  /**
   * Makes every edit durable and closes the manifest; a second call does nothing. Requires: nothing is
   * logged any more.
   *
   * @throws StorageError DURABILITY_UNKNOWN when the sync fails; the files are closed all the same.
   */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await Promise.allSettled([this.#replacement]);
    try {
      if (this.#manifests.inForce !== null && !this.#manifests.hasFailed) await this.sync();
    } finally {
      this.#manifests.close();
    }
  }

  /** Remembers a replacement for as long as it runs. */
  #track(running: Promise<void>): Promise<void> {
    this.#replacement = running.finally(() => {
      this.#replacement = null;
    });
    return this.#replacement;
  }

  async #rotate(): Promise<void> {
    this.#checkOpen('rotate the manifest of');
    assert(this.#manifests.inForce !== null, 'a set is published before its manifest is rotated');
    await this.#replaceManifest(this.#takeManifestNumber());
  }

  async #replaceManifest(fileNumber: number): Promise<void> {
    const { databaseId, editCount } = this;
    const snapshot = encodeEdit(this.#completed(this.current.toEdit()));
    await this.#manifests.replace({ fileNumber, databaseId, snapshot, editCount });
    this.#versions.noteDurable(this.durableEditCount);
  }

  #takeManifestNumber(): number {
    const skipped = MANIFEST_NUMBER_STEP - 1 - ((this.#nextFileNumber - 1) % MANIFEST_NUMBER_STEP);
    return this.takeFileNumbers(skipped + 1) + skipped;
  }

  /** The edit, with what only this set knows. */
  #completed(edit: VersionEdit): VersionEdit {
    return { ...edit, nextFileNumber: this.#nextFileNumber };
  }

  #checkOpen(action: string): void {
    if (this.#state === 'open') return;
    const { path } = this.#directory;
    throw new StorageError('CLOSED', `Cannot ${action} ${path}: it is closed`, { file: path });
  }
}
