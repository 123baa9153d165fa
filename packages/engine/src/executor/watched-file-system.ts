/**
 * The file system of a background thread: says in shared memory what it is waiting for, and that it is alive after every
 * call. A thread that waits for a disk cannot be told from one that hangs by its silence alone.
 */
import { type FileCall, type FileOperation, type FileSystem, FileSystemWrapper } from '@varve/vfs';

/** Operations by the number that stands for them in shared memory; 0 stands for none. */
const OPERATIONS: readonly FileOperation[] = [
  'open',
  'create',
  'read',
  'write',
  'syncData',
  'truncate',
  'size',
  'close',
  'exists',
  'list',
  'stat',
  'makeDirectory',
  'rename',
  'remove',
  'removeDirectory',
  'syncDirectory',
  'lock',
  'unlock',
  'realPath',
  'freeSpace',
];

/** The operation that a number in shared memory stands for; null for none. */
export function operationOf(number: number): FileOperation | null {
  return OPERATIONS[number - 1] ?? null;
}

export interface WatchedFileSystemOptions {
  /** Over shared memory. */
  readonly signal: Int32Array;
  /** Where in `signal` the number of the operation under way stands. */
  readonly operationIndex: number;
  /** The heartbeat counter in `signal`. */
  readonly beatIndex: number;
}

export class WatchedFileSystem extends FileSystemWrapper {
  readonly #options: WatchedFileSystemOptions;

  constructor(inner: FileSystem, options: WatchedFileSystemOptions) {
    super(inner);
    this.#options = options;
  }

  override aroundSync<T>(call: FileCall, run: () => T): T {
    const { signal, operationIndex, beatIndex } = this.#options;
    Atomics.store(signal, operationIndex, OPERATIONS.indexOf(call.operation) + 1);
    try {
      return run();
    } finally {
      Atomics.store(signal, operationIndex, 0);
      Atomics.add(signal, beatIndex, 1);
    }
  }

  /** Jobs are synchronous. */
  override around<T>(_call: FileCall, run: () => Promise<T>): Promise<T> {
    return run();
  }
}
