// Applies fault rules to calls: finds the effect on each call, and carries out those that are not about bytes.
//
// A transfer asks `beginSync` or `begin` first, which fail, wait or die; what they give back is left to do to its bytes.

import { type Clock, systemClock } from '@varve/base';
import type { ActiveRule, FaultEffect, TransferEffect } from './fault-rules.js';
import type { FileCall } from './file-system.js';
import type { CallHooks } from './file-system-wrapper.js';
import { type Errno, systemError, toStorageError } from './system-error.js';

/** A fault that was caused. */
export interface InjectedFault {
  readonly call: FileCall;
  readonly effect: FaultEffect;
  /** The error thrown; undefined when the call appeared to succeed. */
  readonly error?: Error;
  /** Set when the same call is made once more, and goes well. */
  isMadeAgain?: true;
}

/** Whom an injector tells, and asks, about faults. */
export interface FaultHost {
  /** See `FaultyFileSystemOptions`. */
  readonly onSyncFailure?: (path: string) => void;
  /** See `FaultyFileSystemOptions`. */
  readonly onCrash?: (call: FileCall) => void;
  /** See `FaultyFileSystemOptions`. */
  readonly clock?: Pick<Clock, 'delay'>;
  /** See `FaultyFileSystemOptions`. */
  readonly block?: (ms: number) => void;
  /** See `FaultyFileSystemOptions`. */
  readonly beforeAsyncFailure?: (call: FileCall) => Promise<void>;
}

const CRASH: FaultEffect = { kind: 'crash' };

/** See the head of this file. */
export class FaultInjector implements CallHooks {
  readonly rules: ActiveRule[] = [];
  readonly injected: InjectedFault[] = [];
  callCount = 0;
  /** The last fault of each call that has not been made again since. */
  readonly #failed = new Map<string, InjectedFault>();
  readonly #host: FaultHost;
  readonly #lateErrors = new Map<string, { effect: FaultEffect; errno: Errno }>();
  #state: 'alive' | 'dead' = 'alive';

  constructor(host: FaultHost) {
    this.#host = host;
  }

  aroundSync<T>(call: FileCall, run: () => T): T {
    const effect = this.#effectOn(call);
    if (effect?.kind === 'lateSyncError') return this.#loseSync(call, effect) as T;
    // What is to be given up is gone even when the system reports an error.
    if (effect?.kind === 'error' && isGivingUp(call)) run();
    this.#carryOutSync(call, effect);
    const result = run();
    this.#reportLate(call);
    return result;
  }

  async around<T>(call: FileCall, run: () => Promise<T>): Promise<T> {
    const effect = this.#effectOn(call);
    if (effect?.kind === 'lateSyncError') return this.#loseSync(call, effect) as T;
    // Without an effect the call begins at once: what it covers is decided by what came before it.
    if (effect !== undefined) await this.#carryOut(call, effect);
    const result = await run();
    this.#reportLate(call);
    return result;
  }

  /** Fails, blocks or dies if a rule says so; gives the effect on the bytes of the transfer. */
  beginSync(call: FileCall): TransferEffect | undefined {
    const effect = this.#effectOn(call);
    this.#carryOutSync(call, effect);
    return isTransferEffect(effect) ? effect : undefined;
  }

  /** Fails, waits or dies if a rule says so; gives the effect on the bytes of the transfer. */
  begin(call: FileCall): TransferEffect | undefined | Promise<undefined> {
    const effect = this.#effectOn(call);
    if (effect === undefined || isTransferEffect(effect)) return effect;
    return this.#carryOut(call, effect).then(() => undefined);
  }

  /** Notes the fault and gives the error to throw. */
  failure(call: FileCall, effect: FaultEffect, errno: Errno): Error {
    if (call.operation === 'syncData') this.#host.onSyncFailure?.(call.path);
    return this.#failure(call, effect, errno);
  }

  /** Notes a fault that the caller does not see as an error. */
  noteSilent(call: FileCall, effect: FaultEffect): void {
    this.injected.push({ call, effect });
  }

  /** Counts the call, for every rule up to the first that picks it; gives what that one does. */
  #effectOn(call: FileCall): FaultEffect | undefined {
    if (this.#state === 'dead') return CRASH;
    this.callCount++;
    const effect = this.rules.find((rule) => rule.picks(call))?.effect;
    if (effect === undefined) this.#noteMadeAgain(call);
    return effect;
  }

  #noteMadeAgain(call: FileCall): void {
    if (this.#failed.size === 0) return;
    const key = keyOf(call);
    const fault = this.#failed.get(key);
    if (fault !== undefined) fault.isMadeAgain = true;
    this.#failed.delete(key);
  }

  #carryOutSync(call: FileCall, effect: FaultEffect | undefined): void {
    if (effect?.kind === 'error') throw this.failure(call, effect, effect.errno);
    if (effect?.kind === 'crash') throw this.#die(call);
    if (effect?.kind !== 'delay') return;
    this.noteSilent(call, effect);
    this.#host.block?.(effect.ms);
  }

  async #carryOut(call: FileCall, effect: FaultEffect | undefined): Promise<void> {
    if (effect?.kind === 'error') return this.#failLater(call, effect);
    if (effect?.kind === 'crash') this.#die(call);
    else if (effect?.kind === 'hang' || effect?.kind === 'delay') this.noteSilent(call, effect);
    if (effect?.kind === 'crash' || effect?.kind === 'hang') await new Promise(() => {});
    if (effect?.kind !== 'delay') return;
    const { clock = systemClock } = this.#host;
    await new Promise<void>((resolve) => clock.delay(effect.ms, resolve));
  }

  /** What others do while the call is under way comes before its failure; in the same turn unless the host says otherwise. */
  async #failLater(call: FileCall, effect: FaultEffect & { kind: 'error' }): Promise<never> {
    const { beforeAsyncFailure } = this.#host;
    if (beforeAsyncFailure !== undefined) await beforeAsyncFailure(call);
    throw this.failure(call, effect, effect.errno);
  }

  /** Nothing is written and nobody is told, until the next sync. */
  #loseSync(call: FileCall, effect: FaultEffect & { kind: 'lateSyncError' }): undefined {
    this.#host.onSyncFailure?.(call.path);
    this.noteSilent(call, effect);
    this.#lateErrors.set(call.path, { effect, errno: effect.errno ?? 'EIO' });
    return undefined;
  }

  #reportLate(call: FileCall): void {
    if (call.operation !== 'syncData') return;
    const late = this.#lateErrors.get(call.path);
    if (late === undefined) return;
    this.#lateErrors.delete(call.path);
    throw this.#failure(call, late.effect, late.errno);
  }

  #die(call: FileCall): Error {
    if (this.#state === 'alive') {
      this.noteSilent(call, CRASH);
      this.#host.onCrash?.(call);
    }
    this.#state = 'dead';
    return toStorageError(systemError('EIO'), call);
  }

  #failure(call: FileCall, effect: FaultEffect, errno: Errno): Error {
    const error = toStorageError(systemError(errno), call);
    const fault: InjectedFault = { call, effect, error };
    this.injected.push(fault);
    this.#failed.set(keyOf(call), fault);
    return error;
  }
}

function isGivingUp({ operation }: FileCall): boolean {
  return operation === 'close' || operation === 'unlock';
}

function keyOf({ operation, path }: FileCall): string {
  return `${operation} ${path}`;
}

function isTransferEffect(effect: FaultEffect | undefined): effect is TransferEffect {
  return effect?.kind === 'short' || effect?.kind === 'corrupt' || effect?.kind === 'misdirect';
}
