// A file system whose calls fail by rule: the first rule that picks a call decides.
//
// Rules work on whole calls of the contract. A read that is cut short therefore looks like the end of the file, and a
// write that is cut short ends in an error, as after the loops of a real file.

import type { Clock } from '@varve/base';
import { FaultInjector, type InjectedFault } from './fault-injector.js';
import { ActiveRule, type FaultRule, type TransferEffect } from './fault-rules.js';
import type { FileCall, FileSystem, RandomAccessFile } from './file-system.js';
import { FileSystemWrapper, WrappedFile } from './file-system-wrapper.js';

/** What a {@link FaultyFileSystem} can be given. */
export interface FaultyFileSystemOptions {
  /** Rules from the start, as by {@link FaultyFileSystem.addRule}. */
  readonly rules?: readonly FaultRule[];
  /**
   * Called with the path when the sync of a file is made to fail, before the error is thrown. Without it the inner file
   * system knows nothing of the sync; `MemoryFileSystem.failSync` here acts out what Linux does.
   */
  readonly onSyncFailure?: (path: string) => void;
  /** Called when a rule lets the process die, before the call that it was to make: the place to take a crash image. */
  readonly onCrash?: (call: FileCall) => void;
  /** Who wakes asynchronous calls that are delayed. Default: the clock of the system. */
  readonly clock?: Pick<Clock, 'delay'>;
  /** Called with the milliseconds for which a synchronous call is delayed. Default: it is not. */
  readonly block?: (ms: number) => void;
  /**
   * Waited for before an asynchronous call fails by an `'error'`, so that others can do something between its beginning and
   * its end. Default: it fails in the turn in which it begins.
   */
  readonly beforeAsyncFailure?: (call: FileCall) => Promise<void>;
}

/** Passes calls on to an inner file system, except those that a rule picks. */
export class FaultyFileSystem extends FileSystemWrapper {
  readonly #injector: FaultInjector;

  constructor(inner: FileSystem, options: FaultyFileSystemOptions = {}) {
    super(inner);
    this.#injector = new FaultInjector(options);
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

/** Where the bytes of a transfer are, and which part of the file they belong to. */
interface TransferRange {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
  readonly position: number;
}

/** What remains of a transfer under an effect. */
interface PlannedTransfer extends TransferRange {
  /** Does the rest of the effect, once `movedSize` bytes were moved. */
  finish(movedSize: number): void;
}

/** A file whose reads and writes can also be short, corrupt or misdirected. */
class FaultyFile extends WrappedFile {
  readonly #injector: FaultInjector;

  constructor(inner: RandomAccessFile, injector: FaultInjector) {
    super(inner, injector);
    this.#injector = injector;
  }

  override readSync(bytes: Uint8Array, offset: number, length: number, position: number) {
    const call: FileCall = { operation: 'read', path: this.path, position, length };
    const effect = this.#injector.beginSync(call);
    const plan = this.#plan(call, effect, { bytes, offset, length, position });
    const readSize = this.inner.readSync(plan.bytes, plan.offset, plan.length, plan.position);
    plan.finish(readSize);
    return readSize;
  }

  override async read(bytes: Uint8Array, offset: number, length: number, position: number) {
    const call: FileCall = { operation: 'read', path: this.path, position, length };
    const begun = this.#injector.begin(call);
    const effect = begun instanceof Promise ? await begun : begun;
    const plan = this.#plan(call, effect, { bytes, offset, length, position });
    const readSize = await this.inner.read(plan.bytes, plan.offset, plan.length, plan.position);
    plan.finish(readSize);
    return readSize;
  }

  override writeSync(bytes: Uint8Array, offset: number, length: number, position: number) {
    const call: FileCall = { operation: 'write', path: this.path, position, length };
    const effect = this.#injector.beginSync(call);
    const plan = this.#plan(call, effect, { bytes, offset, length, position });
    this.inner.writeSync(plan.bytes, plan.offset, plan.length, plan.position);
    plan.finish(plan.length);
  }

  override async write(bytes: Uint8Array, offset: number, length: number, position: number) {
    const call: FileCall = { operation: 'write', path: this.path, position, length };
    const begun = this.#injector.begin(call);
    const effect = begun instanceof Promise ? await begun : begun;
    const plan = this.#plan(call, effect, { bytes, offset, length, position });
    await this.inner.write(plan.bytes, plan.offset, plan.length, plan.position);
    plan.finish(plan.length);
  }

  #plan(call: FileCall, effect: TransferEffect | undefined, range: TransferRange): PlannedTransfer {
    switch (effect?.kind) {
      case undefined:
        return { ...range, finish: () => {} };
      case 'short':
        return this.#planShort(call, effect, range);
      case 'corrupt':
        return call.operation === 'read'
          ? this.#planCorruptRead(call, effect, range)
          : this.#planCorruptWrite(call, effect, range);
      case 'misdirect': {
        const position = Math.max(0, range.position + effect.offsetBytes);
        return { ...range, position, finish: () => this.#injector.noteSilent(call, effect) };
      }
    }
  }

  #planShort(call: FileCall, effect: TransferEffect & { kind: 'short' }, range: TransferRange) {
    const finish = () => {
      if (call.operation === 'read') this.#injector.noteSilent(call, effect);
      else throw this.#injector.failure(call, effect, effect.errno ?? 'EIO');
    };
    return { ...range, length: Math.min(range.length, effect.sizeBytes), finish };
  }

  #planCorruptRead(
    call: FileCall,
    effect: TransferEffect & { kind: 'corrupt' },
    range: TransferRange,
  ) {
    const finish = (readSize: number) => {
      if (readSize === 0) return;
      flipBit(range.bytes, range.offset, effect.bit % (readSize * 8));
      this.#injector.noteSilent(call, effect);
    };
    return { ...range, finish };
  }

  #planCorruptWrite(
    call: FileCall,
    effect: TransferEffect & { kind: 'corrupt' },
    { bytes, offset, length, position }: TransferRange,
  ) {
    const damaged = bytes.slice(offset, offset + length);
    if (length > 0) flipBit(damaged, 0, effect.bit % (length * 8));
    const finish = () => this.#injector.noteSilent(call, effect);
    return { bytes: damaged, offset: 0, length, position, finish };
  }
}

function flipBit(bytes: Uint8Array, offset: number, bit: number): void {
  bytes[offset + (bit >> 3)]! ^= 1 << (bit & 7);
}
