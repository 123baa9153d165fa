// The frame of every encoding that must encode a value to know its size.
//
// `sizeBound()` encodes and keeps the result, `write()` puts it in place. A value is therefore
// looked at once: getters, proxies and toJSON run once, and nothing they do can change the size
// between the two calls.

import { assert } from '@varve/base';
import type { Encoding } from './encoding.js';

/** An encoding of values of type `T` by way of a form `Staged`. */
export abstract class StagedEncoding<T, Staged> implements Encoding<T> {
  abstract readonly name: string;
  abstract read(bytes: Uint8Array, start: number, end: number): T;

  #value: T | undefined = undefined;
  #staged: Staged | undefined = undefined;

  /** Encodes `value`. May run the user's code, which may use this encoding again. */
  protected abstract stage(value: T): Staged;
  /** How many bytes `writeStaged()` may touch. */
  protected abstract stagedSizeBound(staged: Staged): number;
  /** Puts what was staged in place and gives the offset after it. */
  protected abstract writeStaged(staged: Staged, target: Uint8Array, offset: number): number;

  sizeBound(value: T): number {
    const staged = this.stage(value);
    this.#value = value;
    this.#staged = staged;
    return this.stagedSizeBound(staged);
  }

  write(value: T, target: Uint8Array, offset: number): number {
    const staged = this.#staged;
    assert(
      staged !== undefined && Object.is(value, this.#value),
      'Encoding.write: sizeBound() of the same value must come right before',
    );
    this.#value = undefined;
    this.#staged = undefined;
    return this.writeStaged(staged, target, offset);
  }
}
