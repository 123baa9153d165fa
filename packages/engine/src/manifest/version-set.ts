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
import { DATABASE_ID_SIZE_BYTES } from '../log/index.js';
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
    assert(this.databaseId.length === DATABASE_ID_SIZE_BYTES, 'a database id has 16 bytes');
    assert(this.#rotationSizeBytes > 0, 'a manifest may have a size');
    assert(
      this.#firstFileNumber >= start.version.nextFileNumber,
      'numbers that were given are not given again',
    );
  }

  /** See {@link RetainedVersions.pinnedBytes}. */
  get pinnedBytes(): number {
    const { pinnedBytes } = this.#versions;
    assert(pinnedBytes >= 0, 'no less than nothing is kept');
    return pinnedBytes;
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
    assert(content.discardedBytes >= 0, 'no less than nothing is discarded');
    assert(content.version.keyspaces.has(DEFAULT_KEYSPACE_ID), 'what is read has been checked');
    return new VersionSet(directory, { ...content, fileNumber }, options);
  }

  /**
   * The state of a database that does not exist yet; `publish()` creates it. Makes the name of its directory durable.
   *
   * @throws StorageError those of `DatabaseDirectory.syncOwnNameSync`
   */
  static create(
    directory: DatabaseDirectory,
    identity: DatabaseIdentity,
    options: VersionSetOptions = {},
  ): VersionSet {
    const { databaseId, defaultKeyspace } = identity;
    assert(defaultKeyspace.id === DEFAULT_KEYSPACE_ID, 'the default keyspace has id 0');
    const version = Version.blank().apply({ keyspacesAdded: [defaultKeyspace] });
    assert(version.keyspaces.size === 1, 'a new database has the default keyspace alone');
    directory.syncOwnNameSync();
    const start = { databaseId, version, discardedBytes: 0, fileNumber: undefined };
    return new VersionSet(directory, start, options);
  }

  /** The newest version, durable or not. Whoever keeps it beyond the current turn retains it. */
  get current(): Version {
    return this.#versions.current;
  }

  /** How many edits were logged since the set was made; `publish()` counts as one. */
  get editCount(): number {
    const { editCount } = this.#versions;
    assert(Number.isSafeInteger(editCount), 'edits are counted exactly');
    assert(editCount >= 0, 'edits are counted from 1 on');
    return editCount;
  }

  /** Every edit up to this one survives a power loss. */
  get durableEditCount(): number {
    const { durableEditCount } = this.#manifests;
    assert(durableEditCount >= 0, 'edits are counted from 1 on');
    assert(durableEditCount <= this.#versions.editCount + 1, 'an edit is logged to become durable');
    return durableEditCount;
  }

  /** Size of the manifest in force; 0 before `publish()`. */
  get manifestSizeBytes(): number {
    const sizeBytes = this.#manifests.inForce?.sizeBytes ?? 0;
    assert(sizeBytes >= 0, 'no file is smaller than nothing');
    assert(sizeBytes > 0 === (this.#manifests.inForce !== null), 'a manifest has a header');
    return sizeBytes;
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
    const { keptCount } = this.#versions;
    assert(keptCount >= 1, 'the current version is kept');
    return keptCount;
  }

  /** Why the manifest in force takes no more edits until `rotate()` has succeeded; undefined while it takes them. */
  get failure(): unknown {
    return this.#manifests.inForce?.failure;
  }

  /** Whether `rotate()` is due: the manifest has grown enough, or takes no more edits. */
  get needsRotation(): boolean {
    const manifest = this.#manifests.inForce;
    if (manifest === null) return false;
    assert(manifest.startSizeBytes > 0, 'a manifest begins with the whole state');
    assert(manifest.sizeBytes >= manifest.startSizeBytes, 'a manifest does not shrink');
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
    assert(first >= this.current.nextFileNumber, 'no file is numbered that a version may name');
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
    assert(this.#manifests.inForce !== null, 'what was published is in force');
    assert(this.durableEditCount >= 1, 'what was published is durable');
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
    const editCount = this.editCount + 1;
    const next = this.current.apply(complete);
    this.#manifests.append(encodeEdit(complete), editCount);
    this.#versions.install(next, complete);
    assert(this.editCount === editCount, 'edits are counted one by one');
    assert(this.durableEditCount < editCount, 'nothing is durable before a sync');
    return editCount;
  }

  /**
   * Resolves once every edit logged so far survives a power loss; those logged meanwhile are not waited
   * for.
   *
   * @throws StorageError DURABILITY_UNKNOWN when the sync fails: nothing can be logged any more.
   */
  async sync(): Promise<void> {
    const { editCount } = this;
    await this.#manifests.sync(editCount);
    assert(this.editCount >= editCount, 'edits are not taken back');
    assert(this.durableEditCount >= editCount, 'a sync makes durable what it was asked for');
    this.#noteDurable();
  }

  /** As {@link VersionSet.sync}, blocking. May be called while that or `rotate()` runs. */
  syncSync(): void {
    const { editCount } = this;
    this.#manifests.syncSync(editCount);
    assert(this.editCount === editCount, 'nothing is logged while a sync blocks');
    assert(this.durableEditCount >= editCount, 'a sync makes durable what it was asked for');
    this.#noteDurable();
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
    const manifests = new Set(this.#manifests.fileNumbers);
    assert(this.keptVersionCount >= 1, 'the current version is kept');
    assert(manifests.size <= 2, 'a recovery reads the manifest in force or the one after it');
    return { tables: this.#versions.liveTables(), logs: this.#versions.liveLogs(), manifests };
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
    const files = [...this.#versions.takeUnused(), ...manifests];
    assert(
      files.every(({ fileNumber }) => fileNumber < this.#nextFileNumber),
      'what becomes free has been numbered',
    );
    assert(
      manifests.every(({ fileNumber }) => fileNumber !== this.#manifests.inForce?.fileNumber),
      'the manifest in force is not free',
    );
    return files;
  }

  /**
   * The files an earlier process left that nothing refers to; spare logs are among them. Lists the
   * directory. Files made since are never given, so it may be called at any time after `publish()`.
   */
  findOrphansSync(): NumberedFile[] {
    assert(this.#manifests.inForce !== null, 'orphans are known once a manifest is in force');
    const live = this.liveFiles();
    assert(this.#firstFileNumber <= this.#nextFileNumber, 'numbers ascend');
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
    assert(this.#replacement === null, 'one manifest is replaced at a time');
    this.#replacement = running.finally(() => {
      this.#replacement = null;
    });
    return this.#replacement;
  }

  async #rotate(): Promise<void> {
    this.#checkOpen('rotate the manifest of');
    assert(this.#manifests.inForce !== null, 'a set is published before its manifest is rotated');
    const before = this.#manifests.inForce.fileNumber;
    await this.#replaceManifest(this.#takeManifestNumber());
    assert(this.#manifests.inForce?.fileNumber !== before, 'another manifest is in force');
  }

  async #replaceManifest(fileNumber: number): Promise<void> {
    const { databaseId, editCount } = this;
    const snapshot = encodeEdit(this.#completed(this.current.toEdit()));
    await this.#manifests.replace({ fileNumber, databaseId, snapshot, editCount });
    assert(this.durableEditCount >= editCount, 'a fresh manifest is durable');
    assert(this.#manifests.inForce?.fileNumber === fileNumber, 'the fresh manifest is in force');
    this.#noteDurable();
  }

  #noteDurable(): void {
    assert(this.durableEditCount <= this.editCount, 'nothing is durable before it is logged');
    this.#versions.noteDurable(this.durableEditCount);
    assert(this.keptVersionCount >= 1, 'the current version is kept');
  }

  #takeManifestNumber(): number {
    const skipped = MANIFEST_NUMBER_STEP - 1 - ((this.#nextFileNumber - 1) % MANIFEST_NUMBER_STEP);
    assert(skipped >= 0, 'numbers are skipped forwards');
    assert(skipped < MANIFEST_NUMBER_STEP, 'one in so many numbers is for a manifest');
    const fileNumber = this.takeFileNumbers(skipped + 1) + skipped;
    assert(fileNumber % MANIFEST_NUMBER_STEP === 0, 'a manifest is told by its number');
    return fileNumber;
  }

  /** The edit, with what only this set knows. */
  #completed(edit: VersionEdit): VersionEdit {
    assert(this.#nextFileNumber >= this.current.nextFileNumber, 'numbers ascend');
    assert(
      edit.nextFileNumber === undefined || edit.nextFileNumber <= this.#nextFileNumber,
      'only this set numbers files',
    );
    return { ...edit, nextFileNumber: this.#nextFileNumber };
  }

  #checkOpen(action: string): void {
    if (this.#state === 'open') return;
    const { path } = this.#directory;
    throw new StorageError('CLOSED', `Cannot ${action} ${path}: it is closed`, { file: path });
  }
}
