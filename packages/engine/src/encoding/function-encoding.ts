// A user's two functions as an encoding.
//
// The functions are not trusted to behave: what `encode` gives is checked and copied before
// anything else can run, since it may be a buffer that the next call fills again, and `decode` gets
// a copy of its own to keep or change.

import { copyBytes } from '@varve/base';
import { type CustomEncoding, refusedType, undecodable } from './encoding.js';
import { copyOut, isBytes, lengthOf } from './native-bytes.js';
import { StagedEncoding } from './staged-encoding.js';

/** The encoding made of a {@link CustomEncoding}. */
export class FunctionEncoding<T> extends StagedEncoding<T, Uint8Array> {
  readonly name: string;
  readonly #functions: CustomEncoding<T>;

  /** Requires: `name` and `functions` have been checked. */
  constructor(name: string, functions: CustomEncoding<T>) {
    super();
    this.name = name;
    this.#functions = functions;
  }

  read(bytes: Uint8Array, start: number, end: number): T {
    const copy = copyOut(bytes, start, end);
    try {
      return this.#functions.decode(copy);
    } catch (cause) {
      throw undecodable(this.name, `decode() refused the ${end - start} bytes`, cause);
    }
  }

  protected stage(value: T): Uint8Array {
    const bytes: unknown = this.#functions.encode(value);
    if (!isBytes(bytes)) {
      throw refusedType(this.name, 'encode() to return a Uint8Array', bytes);
    }
    return copyOut(bytes, 0, lengthOf(bytes));
  }

  protected stagedSizeBound(copy: Uint8Array): number {
    return copy.length;
  }

  protected writeStaged(copy: Uint8Array, target: Uint8Array, offset: number): number {
    copyBytes(copy, 0, copy.length, target, offset);
    return offset + copy.length;
  }
}
