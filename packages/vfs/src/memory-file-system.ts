// A file system in memory, with the one property a real one hides: what of it a crash would leave.
//
// It keeps the durable state apart from the visible one (memory/file-node.ts for content, memory/directory-tree.ts for
// names), exactly as far as the contract promises and no further: a file's sync does not make its name durable, and a
// directory's sync no content. `crash()` copies what would be left into a new file system; the old one goes on as if
// nothing had happened, so that many crashes can be tried at one moment.
//
// Asynchronous operations take effect, and copy their bytes, when the scheduler runs them: not when they are called.
// Permissions, symbolic links and devices do not exist here. Paths start at `/`, which always exists.

import { assert, type Random, StorageError } from '@varve/base';
import type {
  FileCall,
  FileLock,
  FileStatus,
  FileSystem,
  OpenMode,
  RandomAccessFile,
} from './file-system.js';
import {
  type CrashModel,
  crashImage,
  type SingleChoice,
  singleImage,
  unsyncedCount,
} from './memory/crash-image.js';
import {
  DirectoryNode,
  DirectoryTree,
  pathParts,
  type Slot,
  type TreeNode,
} from './memory/directory-tree.js';
import {
  FileNode,
  MEMORY_DEVICE,
  type SyncFailureModel,
  type UnsyncedChange,
} from './memory/file-node.js';
import { MemoryFile } from './memory/memory-file.js';
import { StorageMeter } from './memory/storage-meter.js';
import { attempt, systemError } from './system-error.js';

/** Decides when an asynchronous operation takes effect, and so in which order several do. */
export interface OperationScheduler {
  /**
   * Keeps `run` and calls it once, later: not before this returns. `run` carries the operation out, settles its promise
   * and never throws. `call` says what it is.
   */
  schedule(call: FileCall, run: () => void): void;
}

/** What a {@link MemoryFileSystem} can be given. */
export interface MemoryFileSystemOptions {
  /** When asynchronous operations happen. Default: in the next microtask, in the order of the calls. */
  readonly scheduler?: OperationScheduler;
  /** Size of the device in bytes; writes beyond it fail with NO_SPACE. Default: 1 TiB. */
  readonly capacityBytes?: number;
}

const CAPACITY_BYTES_DEFAULT = 2 ** 40;
const ROOT_INODE = 1n;

const microtaskScheduler: OperationScheduler = {
  schedule(_call, run) {
    queueMicrotask(run);
  },
};

/** Files in memory, which can crash; see the head of this file. Every synchronous operation is one step. */
export class MemoryFileSystem implements FileSystem {
  readonly capability = { workers: false } as const;
  readonly #scheduler: OperationScheduler;
  readonly #meter: StorageMeter;
  #tree = new DirectoryTree(new DirectoryNode(ROOT_INODE));
  #nextInode = ROOT_INODE + 1n;
  readonly #openFiles = new Set<MemoryFile>();
  /** Holder of each lock, by the inode of its file. */
  readonly #locks = new Map<bigint, string>();

  constructor(options: MemoryFileSystemOptions = {}) {
    this.#scheduler = options.scheduler ?? microtaskScheduler;
    this.#meter = new StorageMeter(options.capacityBytes ?? CAPACITY_BYTES_DEFAULT);
  }

  openSync(path: string, mode: OpenMode): RandomAccessFile {
    const call: FileCall = { operation: mode === 'create' ? 'create' : 'open', path };
    const node = attempt(call, () =>
      mode === 'create' ? this.#createFile(path) : this.#existingFile(path),
    );
    const file = new MemoryFile(path, mode, node, {
      later: (fileCall, run) => this.#later(fileCall, run),
      fileClosed: (closed) => this.#openFiles.delete(closed),
    });
    this.#openFiles.add(file);
    return file;
  }

  existsSync(path: string): boolean {
    return this.#tree.get(path) !== undefined;
  }

  listSync(directory: string): string[] {
    return attempt({ operation: 'list', path: directory }, () =>
      [...this.#tree.findDirectory(directory).entries.keys()].sort(),
    );
  }

  statSync(path: string): FileStatus {
    const node = attempt({ operation: 'stat', path }, () => this.#tree.find(path));
    const sizeBytes = node.kind === 'file' ? node.sizeBytes : 0;
    const { kind, inode } = node;
    return { kind, sizeBytes, device: MEMORY_DEVICE, inode, writableBy: 'owner', linkCount: 1 };
  }

  makeDirectorySync(path: string): void {
    attempt({ operation: 'makeDirectory', path }, () => this.#makeDirectory(path));
  }

  renameSync(from: string, to: string): void {
    attempt({ operation: 'rename', path: from, toPath: to }, () => {
      const source = this.#tree.locate(from);
      const target = this.#tree.locate(to);
      const node = this.#tree.find(from);
      const replaced = target.directory.entries.get(target.name);
      if (replaced === node) return;
      // Neither path may lead through the other.
      if (holds(node, target.directory)) throw systemError('EINVAL');
      if (replaced !== undefined && holds(replaced, source.directory)) {
        throw systemError('ENOTEMPTY');
      }
      if (replaced !== undefined) assertReplaceable(replaced, node);
      this.#apply(`rename ${from} -> ${to}`, [
        { ...source, node: null },
        { ...target, node },
      ]);
    });
  }

  removeSync(path: string): void {
    attempt({ operation: 'remove', path }, () => {
      if (this.#tree.find(path).kind === 'directory') throw systemError('EISDIR');
      this.#apply(`remove ${path}`, [{ ...this.#tree.locate(path), node: null }]);
    });
  }

  removeDirectorySync(path: string): void {
    attempt({ operation: 'removeDirectory', path }, () => {
      if (this.#tree.findDirectory(path).entries.size > 0) throw systemError('ENOTEMPTY');
      this.#apply(`remove directory ${path}`, [{ ...this.#tree.locate(path), node: null }]);
    });
  }

  syncDirectorySync(path: string): void {
    attempt({ operation: 'syncDirectory', path }, () => {
      this.#tree.sync(this.#tree.findDirectory(path), this.#tree.operationCount);
    });
  }

  async syncDirectory(path: string): Promise<void> {
    const call: FileCall = { operation: 'syncDirectory', path };
    const directory = attempt(call, () => this.#tree.findDirectory(path));
    // Names that change while the sync is on its way are not covered: a real one may miss them.
    const { operationCount } = this.#tree;
    return this.#later(call, () => this.#tree.sync(directory, operationCount));
  }

  lockSync(path: string, owner: string): FileLock {
    const call: FileCall = { operation: 'lock', path };
    const node = attempt(call, () =>
      this.existsSync(path) ? this.#existingFile(path) : this.#createFile(path),
    );
    const holder = this.#locks.get(node.inode);
    if (holder !== undefined) {
      throw new StorageError('LOCKED', `Cannot lock ${path}: held by this process (${holder})`, {
        file: path,
      });
    }
    this.#locks.set(node.inode, owner);
    return new MemoryFileLock(() => this.#locks.delete(node.inode));
  }

  realPathSync(path: string): string {
    attempt({ operation: 'realPath', path }, () => this.#tree.find(path));
    return `/${pathParts(path).join('/')}`;
  }

  freeSpaceSync(path: string): number {
    attempt({ operation: 'freeSpace', path }, () => this.#tree.find(path));
    return this.#meter.freeBytes;
  }

  /**
   * Gives the file system that is found after a crash at this moment: without locks and open files, everything in it
   * durable, with the same capacity. This one is not changed. Costs a copy of all durable content.
   *
   * @param random - Makes the choices that the model leaves open; equal numbers give equal results.
   * @param scheduler - Of the result. Default: that of this one.
   */
  crash(
    model: CrashModel,
    random: Random,
    scheduler: OperationScheduler = this.#scheduler,
  ): MemoryFileSystem {
    return this.#survivor(scheduler, (meter) => crashImage(this.#tree, model, random, meter));
  }

  /** As {@link MemoryFileSystem.crash} with the model `single`, with the odd change chosen; for trying them all. */
  crashSingle(
    choice: SingleChoice,
    scheduler: OperationScheduler = this.#scheduler,
  ): MemoryFileSystem {
    assert(choice.changeIndex < this.unsyncedCount, 'There must be such an unsynced change');
    return this.#survivor(scheduler, (meter) => singleImage(this.#tree, choice, meter));
  }

  /** How many changes no sync has covered, of names and of contents. */
  get unsyncedCount(): number {
    return unsyncedCount(this.#tree);
  }

  /**
   * The same text for the same names, sizes and contents, whatever of them is durable; for finding images that are equal.
   * Requires: checksums are initialized. Costs about 0.1 ms per MiB that changed since the last one.
   */
  fingerprint(): string {
    const lines = this.#tree.files().map(({ path, node }) => {
      return `${path} ${node.sizeBytes} ${node.content.checksum().toString(36)}`;
    });
    return lines.join('\n');
  }

  /** Changes the size of the device, also below what is used: then every write that would grow a file fails. */
  setCapacity(capacityBytes: number): void {
    this.#meter.capacityBytes = capacityBytes;
  }

  /**
   * Acts out what Linux does when the sync of a file fails: its unsynced changes are never written to the disk, and the
   * next sync reports success all the same. `visible` says what reads see from then on: the `'new'` bytes, still in the
   * cache (ext4, xfs), or the `'old'` ones (btrfs).
   */
  loseUnsynced(path: string, visible: 'new' | 'old'): void {
    const node = attempt({ operation: 'open', path }, () => this.#existingFile(path));
    node.loseUnsynced(visible);
  }

  /** Acts out the failed sync of a file as one file system does it; see {@link SyncFailureModel}. */
  failSync(path: string, model: SyncFailureModel): void {
    attempt({ operation: 'open', path }, () => this.#existingFile(path)).failSync(model);
  }

  /**
   * Acts out memory pressure: every page that the system holds for clean is dropped and read from the disk again. That makes
   * a difference where a sync failed, since its pages count as clean.
   */
  evictCache(): void {
    for (const file of this.#tree.reachableFiles()) file.evict();
  }

  /**
   * What a power loss may undo now, as text: first changes of names in order (`rename /db/a -> /db/b`), then changes of
   * content by path (`write /db/a 0..512`). Empty when everything is durable. Files without a name are left out.
   */
  describeUnsynced(): string[] {
    const names = this.#tree.unsynced.map(({ text }) => text);
    const changes = this.#tree
      .files()
      .flatMap(({ path, node }) => node.unsynced.map((change) => describeChange(path, change)));
    return [...names, ...changes];
  }

  /** Paths of the files that are open now, ascending, each as often as it is open; for finding leaks. */
  openPaths(): string[] {
    return [...this.#openFiles].map(({ path }) => path).sort();
  }

  #survivor(
    scheduler: OperationScheduler,
    image: (meter: StorageMeter) => DirectoryNode,
  ): MemoryFileSystem {
    const { capacityBytes } = this.#meter;
    const survivor = new MemoryFileSystem({ scheduler, capacityBytes });
    survivor.#tree = new DirectoryTree(image(survivor.#meter));
    survivor.#nextInode = this.#nextInode;
    return survivor;
  }

  #createFile(path: string): FileNode {
    const location = this.#tree.locate(path);
    if (location.directory.entries.has(location.name)) throw systemError('EEXIST');
    const node = new FileNode(this.#nextInode++, this.#meter);
    this.#apply(`create ${path}`, [{ ...location, node }]);
    return node;
  }

  #existingFile(path: string): FileNode {
    const node = this.#tree.find(path);
    if (node.kind !== 'file') throw systemError('EISDIR');
    return node;
  }

  #makeDirectory(path: string): void {
    let prefix = '';
    for (const part of pathParts(path)) {
      prefix += `/${part}`;
      const location = this.#tree.locate(prefix);
      if (location.directory.entries.has(part)) continue;
      const node = new DirectoryNode(this.#nextInode++);
      this.#apply(`make directory ${prefix}`, [{ ...location, node }]);
    }
    if (this.#tree.find(path).kind !== 'directory') throw systemError('EEXIST');
  }

  #apply(text: string, slots: readonly Slot[]): void {
    this.#tree.apply({ text, slots });
  }

  #later<T>(call: FileCall, run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#scheduler.schedule(call, () => {
        try {
          resolve(attempt(call, run));
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}

class MemoryFileLock implements FileLock {
  #giveBack: (() => void) | null;

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  release(): void {
    this.#giveBack?.();
    this.#giveBack = null;
  }
}

/** Whether `directory` is `ancestor` or below it. */
function holds(ancestor: TreeNode, directory: DirectoryNode): boolean {
  if (ancestor.kind === 'file') return false;
  if (ancestor === directory) return true;
  return [...ancestor.entries.values()].some((node) => holds(node, directory));
}

/** Throws unless a rename may put `node` in the place of `replaced`. */
function assertReplaceable(replaced: TreeNode, node: TreeNode): void {
  if (replaced.kind === 'file' && node.kind === 'directory') throw systemError('ENOTDIR');
  if (replaced.kind !== 'directory') return;
  if (node.kind === 'file') throw systemError('EISDIR');
  if (replaced.entries.size > 0) throw systemError('ENOTEMPTY');
}

function describeChange(path: string, change: UnsyncedChange): string {
  if (change.kind === 'truncate') return `truncate ${path} to ${change.sizeBytes}`;
  return `write ${path} ${change.position}..${change.position + change.bytes.length}`;
}
