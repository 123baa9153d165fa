// A file system whose calls fail by rule: the first rule that picks a call decides.
//
// Rules work on whole calls of the contract. A read that is cut short therefore looks like the end of the file, and a
// write that is cut short ends in an error, as after the loops of a real file.

import { ActiveRule, type FaultEffect, type FaultRule } from './fault-rules.js';
import type { FileCall, FileSystem, RandomAccessFile } from './file-system.js';
import { type CallHooks, FileSystemWrapper, WrappedFile } from './file-system-wrapper.js';
import { type Errno, systemError, toStorageError } from './system-error.js';

/** A fault that was caused. */
export interface InjectedFault {
  readonly call: FileCall;
  readonly effect: FaultEffect;
  /** The error thrown; undefined when the call appeared to succeed. */
  readonly error?: Error;
}

/** What a {@link FaultyFileSystem} can be given. */
export interface FaultyFileSystemOptions {
  /** Rules from the start, as by {@link FaultyFileSystem.addRule}. */
  readonly rules?: readonly FaultRule[];
  /**
   * Called with the path when the sync of a file is made to fail, before the error is thrown. Without it the inner file
   * system knows nothing of the sync; `MemoryFileSystem.loseUnsynced` here acts out what Linux does.
   */
  readonly onSyncFailure?: (path: string) => void;
}

/** Passes calls on to an inner file system, except those that a rule picks. */
export class FaultyFileSystem extends FileSystemWrapper {
  readonly #injector: FaultInjector;

  constructor(inner: FileSystem, options: FaultyFileSystemOptions = {}) {
    super(inner);
    this.#injector = new FaultInjector(options.onSyncFailure ?? (() => {}));
    for (const rule of options.rules ?? []) this.addRule(rule);
  }

  /** Every fault caused so far, in order. */
  get injected(): readonly InjectedFault[] {
    return this.#injector.injected;
  }

  /** Calls made so far, of every kind: the number that a rule for all calls, added at the start, has counted to. */
  get callCount(): number {
    return this.#injector.callCount;
  }

  /** Adds a rule behind the present ones. It counts calls from now on. */
  addRule(rule: FaultRule): void {
    this.#injector.rules.push(new ActiveRule(rule));
  }

  /** Removes all rules: from now on nothing fails. */
  clearRules(): void {
    this.#injector.rules.length = 0;
  }

  override aroundSync<T>(call: FileCall, run: () => T): T {
    return this.#injector.aroundSync(call, run);
  }

  override around<T>(call: FileCall, run: () => Promise<T>): Promise<T> {
    return this.#injector.around(call, run);
  }

  protected override wrapFile(file: RandomAccessFile): RandomAccessFile {
    return new FaultyFile(file, this.#injector);
  }
}

/** Applies the rules to calls. */
class FaultInjector implements CallHooks {
  readonly rules: ActiveRule[] = [];
  readonly injected: InjectedFault[] = [];
  callCount = 0;
  readonly #onSyncFailure: (path: string) => void;

  constructor(onSyncFailure: (path: string) => void) {
    this.#onSyncFailure = onSyncFailure;
  }

  aroundSync<T>(call: FileCall, run: () => T): T {
    const effect = this.effectOn(call);
    if (effect?.kind !== 'error') return run();
    // What is to be given up is gone even when the system reports an error.
    if (call.operation === 'close' || call.operation === 'unlock') run();
    throw this.failure(call, effect, effect.errno);
  }

  async around<T>(call: FileCall, run: () => Promise<T>): Promise<T> {
    const effect = this.effectOn(call);
    if (effect?.kind === 'error') throw this.failure(call, effect, effect.errno);
    return run();
  }

  /** Counts the call, for every rule up to the first that picks it; gives what that one does. */
  effectOn(call: FileCall): FaultEffect | undefined {
    this.callCount++;
    return this.rules.find((rule) => rule.picks(call))?.effect;
  }

  /** Notes the fault and gives the error to throw. */
  failure(call: FileCall, effect: FaultEffect, errno: Errno): Error {
    if (call.operation === 'syncData') this.#onSyncFailure(call.path);
    const error = toStorageError(systemError(errno), call);
    this.injected.push({ call, effect, error });
    return error;
  }

  /** Notes a fault that the caller does not see as an error. */
  noteSilent(call: FileCall, effect: FaultEffect): void {
    this.injected.push({ call, effect });
  }
}

/** What remains of a transfer under an effect. */
interface PlannedTransfer {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
  /** Does the rest of the effect, once `movedSize` bytes were moved. */
  finish(movedSize: number): void;
}

/** A file whose reads and writes can also be short or corrupt. */
class FaultyFile extends WrappedFile {
  readonly #injector: FaultInjector;

  constructor(inner: RandomAccessFile, injector: FaultInjector) {
    super(inner, injector);
    this.#injector = injector;
  }

  override readSync(target: Uint8Array, targetOffset: number, length: number, position: number) {
    const plan = this.#planRead(target, targetOffset, length, position);
    const readSize = this.inner.readSync(target, targetOffset, plan.length, position);
    plan.finish(readSize);
    return readSize;
  }

  override async read(target: Uint8Array, targetOffset: number, length: number, position: number) {
    const plan = this.#planRead(target, targetOffset, length, position);
    const readSize = await this.inner.read(target, targetOffset, plan.length, position);
    plan.finish(readSize);
    return readSize;
  }

  override writeSync(source: Uint8Array, sourceOffset: number, length: number, position: number) {
    const plan = this.#planWrite(source, sourceOffset, length, position);
    this.inner.writeSync(plan.bytes, plan.offset, plan.length, position);
    plan.finish(plan.length);
  }

  override async write(
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    position: number,
  ): Promise<void> {
    const plan = this.#planWrite(source, sourceOffset, length, position);
    await this.inner.write(plan.bytes, plan.offset, plan.length, position);
    plan.finish(plan.length);
  }

  #planRead(bytes: Uint8Array, offset: number, length: number, position: number): PlannedTransfer {
    const call: FileCall = { operation: 'read', path: this.path, position, length };
    const effect = this.#injector.effectOn(call);
    switch (effect?.kind) {
      case undefined:
        return { bytes, offset, length, finish: () => {} };
      case 'error':
        throw this.#injector.failure(call, effect, effect.errno);
      case 'short': {
        const finish = () => this.#injector.noteSilent(call, effect);
        return { bytes, offset, length: Math.min(length, effect.sizeBytes), finish };
      }
      case 'corrupt': {
        const finish = (readSize: number) => {
          if (readSize === 0) return;
          flipBit(bytes, offset, effect.bit % (readSize * 8));
          this.#injector.noteSilent(call, effect);
        };
        return { bytes, offset, length, finish };
      }
    }
  }

  #planWrite(bytes: Uint8Array, offset: number, length: number, position: number): PlannedTransfer {
    const call: FileCall = { operation: 'write', path: this.path, position, length };
    const effect = this.#injector.effectOn(call);
    switch (effect?.kind) {
      case undefined:
        return { bytes, offset, length, finish: () => {} };
      case 'error':
        throw this.#injector.failure(call, effect, effect.errno);
      case 'short': {
        const finish = () => {
          throw this.#injector.failure(call, effect, effect.errno ?? 'EIO');
        };
        return { bytes, offset, length: Math.min(length, effect.sizeBytes), finish };
      }
      case 'corrupt': {
        const damaged = bytes.slice(offset, offset + length);
        if (length > 0) flipBit(damaged, 0, effect.bit % (length * 8));
        const finish = () => this.#injector.noteSilent(call, effect);
        return { bytes: damaged, offset: 0, length, finish };
      }
    }
  }
}

function flipBit(bytes: Uint8Array, offset: number, bit: number): void {
  bytes[offset + (bit >> 3)]! ^= 1 << (bit & 7);
}
