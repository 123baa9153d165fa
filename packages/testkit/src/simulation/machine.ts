// The machine a database runs on: its files, what fails of them, and what is seen of every call.
//
//   engine  ->  strict (order)  ->  watched (trace, crash points, syncs of logs)  ->  faulty (rules)  ->  files in memory
//
// A crash puts other files in the place of these; whoever still holds the old ones is heard no more.

import type { Random } from '@varve/base';
import {
  type CrashModel,
  FaultyFileSystem,
  type FileCall,
  type FileSystem,
  type InjectedFault,
  MemoryFileSystem,
} from '@varve/vfs';
import { StrictFileSystem } from '../strict/strict-file-system.js';
import { LogWatch, type SyncCover, type SyncForm } from './log-watch.js';
import type { Fault } from './operation.js';
import type { Scheduler } from './scheduler.js';
import type { Trace } from './trace.js';
import { WatchedFiles } from './watched-files.js';

/** Where the database is. */
export const DATABASE_PATH = '/database';

/** What a {@link Machine} is made of. */
export interface MachineOptions {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  /** Is called before every call to the file system. */
  readonly onCall: (call: FileCall) => void;
  /** Is told when operations on files come in an order that is not allowed. */
  readonly onDisorder: (text: string) => void;
}

const CAPACITY_BYTES = 2 ** 40;

/** See the head of this file. */
export class Machine {
  logWatch = new LogWatch();
  readonly #options: MachineOptions;
  #files: MemoryFileSystem;
  #faulty!: FaultyFileSystem;
  #fileSystem!: FileSystem;
  /**
   * Whether the sync of a log has failed since the last start, so that the system's cache may show what was lost. What other
   * files hold is in a log until they are synced.
   */
  #logSyncHasFailed = false;
  #syncModel: Fault['syncModel'] = 'xfs';
  #faultCount = 0;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#files = new MemoryFileSystem({ scheduler: options.scheduler });
    this.#assemble();
  }

  /** What the engine is given. */
  get fileSystem(): FileSystem {
    return this.#fileSystem;
  }

  get files(): MemoryFileSystem {
    return this.#files;
  }

  get logSyncHasFailed(): boolean {
    return this.#logSyncHasFailed;
  }

  /** Whether anything was made to fail since the last start, or may be. */
  get mayFail(): boolean {
    return this.#faultCount > 0 || this.#faulty.injected.length > 0;
  }

  /** Faults that were asked for since the last start. */
  get faultCount(): number {
    return this.#faultCount;
  }

  get injected(): readonly InjectedFault[] {
    return this.#faulty.injected;
  }

  /** From now on something fails. */
  addFault({ operation, path, nth, duration, effect, syncModel }: Fault): void {
    this.#syncModel = syncModel;
    this.#faultCount++;
    this.#faulty.addRule({ operation, path, nth, duration, effect });
  }

  /** The device has this much space left; null: plenty. */
  setFreeSpace(freeBytes: number | null): void {
    if (freeBytes === null) {
      this.#files.setCapacity(CAPACITY_BYTES);
      return;
    }
    this.#faultCount++;
    this.#files.setCapacity(CAPACITY_BYTES);
    const usedBytes = CAPACITY_BYTES - this.#files.freeSpaceSync('/');
    this.#files.setCapacity(usedBytes + freeBytes);
  }

  /** Nothing fails any more. What has failed already is not forgotten. */
  heal(): void {
    this.#faulty.clearRules();
    this.#files.setCapacity(CAPACITY_BYTES);
  }

  /** The process begins anew on the same files: what failed before is no excuse any more. */
  startAnew(): void {
    this.#faultCount = 0;
    this.#logSyncHasFailed = false;
    this.heal();
    this.#assemble();
  }

  /** What a crash now would leave. */
  imageOf(model: CrashModel, random: Random): MemoryFileSystem {
    const image = this.#files.crash(model, random);
    image.setCapacity(CAPACITY_BYTES);
    return image;
  }

  /** Puts what a crash left in the place of everything. */
  restart(image: MemoryFileSystem): void {
    this.#options.scheduler.clear();
    this.#files = image;
    this.startAnew();
  }

  #assemble(): void {
    const files = this.#files;
    this.logWatch = new LogWatch();
    this.#faulty = new FaultyFileSystem(files, {
      clock: this.#options.scheduler,
      onSyncFailure: (path) => this.#loseUnsynced(files, path),
      beforeAsyncFailure: (call) =>
        new Promise((resolve) => this.#options.scheduler.schedule(call, resolve)),
    });
    const logWatch = this.logWatch;
    const watched = new WatchedFiles(this.#faulty, {
      begins: (call, form) => {
        if (logWatch !== this.logWatch) return undefined;
        return this.#begins(call, form);
      },
      writes: (path, bytes) => {
        if (isLog(path)) logWatch.written(path, bytes);
      },
    });
    this.#fileSystem = new StrictFileSystem(watched, (text) => {
      if (logWatch === this.logWatch) this.#options.onDisorder(text);
    });
  }

  #begins(call: FileCall, form: SyncForm): (() => void) | undefined {
    const { operation, path, position = 0, length = 0 } = call;
    this.#options.trace.add(`call ${operation} ${path}@${position}+${length}`);
    this.#options.onCall(call);
    if (operation !== 'syncData' || !isLog(path)) return undefined;
    const { logWatch } = this;
    const cover: SyncCover = logWatch.syncBegins(path, form);
    return () => logWatch.syncEnded(cover);
  }

  #loseUnsynced(files: MemoryFileSystem, path: string): void {
    if (isLog(path)) this.#logSyncHasFailed = true;
    files.failSync(path, this.#syncModel);
  }
}

function isLog(path: string): boolean {
  return path.endsWith('.log');
}
