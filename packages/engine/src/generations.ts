/**
 * The succession of generations: which memtable and log are written, what comes after them, and which logs a flush makes
 * needless.
 */
import { isStorageError, type StorageError } from '@varve/base';
import type { FileSystem } from '@varve/vfs';
import type { Background } from './background.js';
import { isLackOf } from './background-retries.js';
import { type DatabaseDirectory, logFileName } from './directory/index.js';
import type { LogReplacement } from './log-replacement.js';
import type { LogSupply } from './log-supply.js';
import type { VersionSet } from './manifest/index.js';
import type { Memtable } from './memtable/index.js';
import type { MemtableSupply } from './memtable-supply.js';
import type { Metrics } from './metrics.js';
import type { SpaceReserve } from './space-reserve.js';
import type { TableStore } from './tables/index.js';
import type { CurrentView } from './view/index.js';
import { type WalEnd, WalWriter } from './wal/index.js';
import { type CommitQueue, Generation } from './write/index.js';

export interface GenerationsParts {
  readonly fileSystem: FileSystem;
  readonly directory: DatabaseDirectory;
  readonly versions: VersionSet;
  readonly tables: TableStore;
  readonly current: CurrentView;
  readonly metrics: Metrics;
  readonly allocation: 'steps' | 'onDemand';
  readonly memtables: MemtableSupply;
  readonly background: Background;
  readonly queue: CommitQueue;
  readonly supply: LogSupply;
  readonly replacement: LogReplacement;
  readonly reserve: SpaceReserve;
  /** Writing has become impossible. */
  readonly fail: (error: StorageError) => void;
}

export class Generations {
  readonly #parts: GenerationsParts;
  #active: Generation;

  constructor(active: Generation, parts: GenerationsParts) {
    this.#active = active;
    this.#parts = parts;
  }

  /** What is written now. */
  get active(): Generation {
    return this.#active;
  }

  /** All memtables, the newest first. */
  memtables(): Memtable[] {
    const frozen = this.#parts.background.frozen.filter((one) => one !== this.#active);
    return [this.#active.memtable, ...frozen.map(({ memtable }) => memtable).reverse()];
  }

  /** Freezes the active generation and gives the next. What fails for a lack costs the log, else the database. */
  rotate(minimumArenaBytes: number): Generation {
    const { background, reserve } = this.#parts;
    const old = this.#active;
    this.#succeed(
      old,
      this.#make(minimumArenaBytes, () => this.#nextLog()),
    );
    background.freeze(old);
    reserve.ensure();
    return this.#active;
  }

  /** The log of the active generation takes no more. */
  loseLog(error: StorageError): void {
    const { background, replacement, reserve } = this.#parts;
    if (error.code === 'NO_SPACE') reserve.giveUp();
    if (!replacement.isDue) replacement.begin(null);
    background.replaceLog(error);
  }

  /** Freezes the generation whose log is lost. It stays active, for readers and because there is none to take its place. */
  freezeLost(): Generation {
    this.#parts.background.freeze(this.#active);
    return this.#active;
  }

  /** Goes on in the log of this number. Requires: the entries of the lost log are durable in tables. */
  resume(logId: number): void {
    const { queue, reserve, current, versions } = this.#parts;
    const old = this.#active;
    const predecessor = { ...old.log.end, durable: true };
    this.#succeed(
      old,
      this.#make(0, () => this.#openLog(logId, predecessor)),
    );
    queue.resume(this.#active);
    reserve.ensure();
    current.swap(this.memtables(), versions.current);
  }

  /** The oldest log that is needed once `generation` is in tables. */
  logAfter(generation: Generation): number {
    const { background, replacement } = this.#parts;
    const index = background.frozen.indexOf(generation);
    const next = background.frozen[index + 1];
    if (next !== undefined) return next.logNumber;
    return generation === this.#active ? replacement.nextLogId! : this.#active.logNumber;
  }

  #succeed(old: Generation, next: Generation): void {
    this.#active = next;
    this.#parts.metrics.userBytes += old.memtable.arena.usedBytes;
  }

  /** The memtable comes first: for want of memory nothing has changed yet. */
  #make(minimumArenaBytes: number, openLog: () => WalWriter): Generation {
    const { memtables, queue } = this.#parts;
    const memtable = memtables.take(minimumArenaBytes, queue.lastSequence + 1);
    try {
      const log = openLog();
      return new Generation(log.logId, memtable, log);
    } catch (error) {
      memtables.giveBack(memtable);
      throw error;
    }
  }

  /** Ends the current log and opens the one that was prepared. */
  #nextLog(): WalWriter {
    const { supply, replacement, queue, fail } = this.#parts;
    const { log } = this.#active;
    let logId: number | null = null;
    try {
      log.finishSync();
      logId = supply.take();
      return this.#openLog(logId, log.end);
    } catch (error) {
      if (!isStorageError(error)) throw error;
      if (!isLackOf(error)) {
        fail(error);
      } else {
        replacement.begin(logId);
        queue.suspend(error);
      }
      throw error;
    }
  }

  #openLog(logId: number, predecessor: WalEnd): WalWriter {
    const { fileSystem, directory, versions, tables, allocation } = this.#parts;
    const path = directory.pathOf(logFileName(logId));
    const { databaseId } = versions;
    const options = { path, logId, databaseId, allocation, predecessor };
    return tables.files.sparing(() => WalWriter.openSync(fileSystem, options));
  }
}
