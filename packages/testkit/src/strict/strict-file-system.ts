// A file system that watches the order of what is done to the files of a database, and stops whoever breaks it
// (order-rules.ts). A mistake in the order shows on every run, not only where a crash happens to strike.
//
// It knows nothing of contents but what is written through it. So it is laid around a file system at rest: one that is
// fresh, or what a crash left.

import { BugError, isStorageError } from '@varve/base';
import {
  type FileCall,
  type FileIdentity,
  type FileSystem,
  FileSystemWrapper,
  type RandomAccessFile,
} from '@varve/vfs';
import type { FileHistory } from './file-history.js';
import { OrderRules } from './order-rules.js';

/** A rule of order-rules.ts was broken. */
export class OrderError extends BugError {}

/** How a call turned out: one for which there was no descriptor has done nothing. */
type CallOutcome = 'done' | 'failed' | 'not begun';

/** See the head of this file. */
export class StrictFileSystem extends FileSystemWrapper {
  readonly #inner: FileSystem;
  readonly #rulesByDirectory = new Map<string, OrderRules>();
  readonly #faults: string[] = [];
  readonly #onFault: (fault: string) => void;

  /** `onFault` is told at once what was broken, before it is thrown at whoever did it. */
  constructor(inner: FileSystem, onFault: (fault: string) => void = () => {}) {
    super(inner);
    this.#inner = inner;
    this.#onFault = onFault;
  }

  /** Throws if anything was broken, also where whoever did it passed over the error. */
  assertFaultless(): void {
    const [fault] = this.#faults;
    if (fault !== undefined) throw new OrderError(fault);
  }

  /** Says why writes with this text in a key or value must not be acknowledged as durable now (B14); null if they may. */
  refuteDurable(text: string): string | null {
    const bytes = Buffer.from(text, 'latin1');
    return this.#refuteAll((payload) =>
      Buffer.from(payload.buffer, payload.byteOffset, payload.length).includes(bytes),
    );
  }

  /** As {@link StrictFileSystem.refuteDurable}, for all writes up to a sequence. */
  refuteDurableUpTo(sequence: number): string | null {
    return this.#refuteAll((payload) => firstSequenceOf(payload) <= sequence);
  }

  override aroundSync<T>(call: FileCall, run: () => T): T {
    const after = this.#before(call);
    try {
      const result = run();
      after?.('done');
      return result;
    } catch (error) {
      after?.(outcomeOf(error));
      throw error;
    }
  }

  override async around<T>(call: FileCall, run: () => Promise<T>): Promise<T> {
    const after = this.#before(call);
    try {
      const result = await run();
      after?.('done');
      return result;
    } catch (error) {
      after?.(outcomeOf(error));
      throw error;
    }
  }

  protected override wrapFile(file: RandomAccessFile): RandomAccessFile {
    const { rules, name } = this.#place(file.path);
    return new StrictFile(file, rules.find(name), rules);
  }

  /** Checks a call on a name; gives what to do when its outcome is known. */
  #before({ operation, path, toPath }: FileCall): ((outcome: CallOutcome) => void) | undefined {
    const { rules, name } = this.#place(path);
    switch (operation) {
      case 'create':
        return (outcome) => outcome === 'done' && rules.created(name);
      case 'lock':
        return (outcome) => outcome === 'done' && this.#begin(path);
      case 'remove':
        rules.beforeRemove(name);
        return (outcome) => outcome === 'done' && rules.removed(name);
      case 'rename': {
        const { name: to } = this.#place(toPath!);
        rules.beforeRename(name, to);
        return (outcome) =>
          outcome === 'done' ? rules.renamed(name, to) : rules.renameFailed(name, to);
      }
      case 'syncDirectory': {
        const own = this.#rulesOf(path);
        const covered = own.beforeDirectorySync();
        return (outcome) => {
          if (outcome === 'done') own.directorySynced(covered);
          if (outcome === 'failed') own.directorySyncFailed(covered);
        };
      }
      default:
        return undefined;
    }
  }

  #begin(lockPath: string): void {
    const directory = directoryOf(lockPath);
    this.#rulesOf(directory).begin(this.#inner.listSync(directory));
  }

  #place(path: string): { readonly rules: OrderRules; readonly name: string } {
    return { rules: this.#rulesOf(directoryOf(path)), name: path.slice(path.lastIndexOf('/') + 1) };
  }

  #rulesOf(directory: string): OrderRules {
    const known = this.#rulesByDirectory.get(directory);
    if (known !== undefined) return known;
    const rules = new OrderRules((label, text) => {
      this.#faults.push(`${label}: ${text}`);
      this.#onFault(`${label}: ${text}`);
      throw new OrderError(`${label}: ${text}`);
    });
    this.#rulesByDirectory.set(directory, rules);
    return rules;
  }

  #refuteAll(isPart: (payload: Uint8Array) => boolean): string | null {
    for (const rules of this.#rulesByDirectory.values()) {
      const fault = rules.refuteDurable(isPart);
      if (fault !== null) return `B14: ${fault}`;
    }
    return null;
  }
}

/** An open file whose calls go through the rules. */
class StrictFile implements RandomAccessFile {
  readonly path: string;
  readonly #inner: RandomAccessFile;
  readonly #history: FileHistory;
  readonly #rules: OrderRules;

  constructor(inner: RandomAccessFile, history: FileHistory, rules: OrderRules) {
    this.path = inner.path;
    this.#inner = inner;
    this.#history = history;
    this.#rules = rules;
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    this.#rules.beforeRead(this.#history);
    return this.#inner.readSync(target, targetOffset, length, position);
  }

  read(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    this.#rules.beforeRead(this.#history);
    return this.#inner.read(target, targetOffset, length, position);
  }

  writeSync(source: Uint8Array, sourceOffset: number, length: number, position: number): void {
    const bytes = source.subarray(sourceOffset, sourceOffset + length);
    this.#rules.beforeWrite(this.#history, bytes, position);
    try {
      this.#inner.writeSync(source, sourceOffset, length, position);
    } catch (error) {
      this.#rules.writeFailed(this.#history, bytes, position);
      throw error;
    }
  }

  async write(
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    position: number,
  ): Promise<void> {
    const bytes = source.subarray(sourceOffset, sourceOffset + length);
    this.#rules.beforeWrite(this.#history, bytes, position);
    try {
      await this.#inner.write(source, sourceOffset, length, position);
    } catch (error) {
      this.#rules.writeFailed(this.#history, bytes, position);
      throw error;
    }
  }

  syncDataSync(): void {
    const covered = this.#rules.beforeSync(this.#history, 'sync');
    try {
      this.#inner.syncDataSync();
    } catch (error) {
      this.#rules.syncFailed(this.#history, 'sync');
      throw error;
    }
    this.#rules.synced(this.#history, 'sync', covered);
  }

  async syncData(): Promise<void> {
    const covered = this.#rules.beforeSync(this.#history, 'async');
    try {
      await this.#inner.syncData();
    } catch (error) {
      onceHeard(() => this.#rules.syncFailed(this.#history, 'async'));
      throw error;
    }
    this.#rules.synced(this.#history, 'async', covered);
  }

  truncateSync(sizeBytes: number): void {
    this.#rules.beforeTruncate(this.#history);
    this.#inner.truncateSync(sizeBytes);
  }

  sizeSync(): number {
    return this.#inner.sizeSync();
  }

  identitySync(): FileIdentity {
    return this.#inner.identitySync();
  }

  closeSync(): void {
    this.#inner.closeSync();
  }
}

function outcomeOf(error: unknown): CallOutcome {
  return isStorageError(error) && error.code === 'TOO_MANY_FILES' ? 'not begun' : 'failed';
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** The payload of a commit group begins with the sequence of its first entry, in 8 bytes. */
function firstSequenceOf(payload: Uint8Array): number {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return Number(view.getBigUint64(0, true));
}

/**
 * Calls after whoever awaits the promise that is about to be rejected has been told: what others do before that, in the same
 * turn, they do without knowing. Their microtasks are queued before the one that tells.
 */
function onceHeard(call: () => void): void {
  queueMicrotask(() => queueMicrotask(call));
}
