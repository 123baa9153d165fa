// 'tuple': arrays as keys that order element by element, and by type where types differ.
//
// A shorter tuple comes before the longer ones it begins, and its bytes begin theirs, so all keys
// that start with ['user', 7] are the range of keys with that prefix. null < false < true < numbers
// < bigints < dates < strings < bytes < arrays; a number and a bigint of equal value are two
// different elements.

import { refusedType } from './encoding.js';
import { StagedEncoding } from './staged-encoding.js';
import { type TupleElement, TupleReader } from './tuple-reader.js';
import { TupleWriter } from './tuple-writer.js';

/** A key or value of the encoding `'tuple'`. */
export type Tuple = readonly TupleElement[];

/** The encoding `'tuple'`. */
export class TupleEncoding extends StagedEncoding<Tuple, TupleWriter> {
  readonly name = 'tuple';
  /**
   * The writer of the last tuple. Absent while it is in use: a getter among the elements may write
   * another tuple.
   */
  #spareWriter: TupleWriter | undefined = undefined;

  read(bytes: Uint8Array, start: number, end: number): Tuple {
    return new TupleReader(bytes, start, end).read();
  }

  protected stage(value: Tuple): TupleWriter {
    if (!Array.isArray(value)) throw refusedType('tuple', 'an array', value);
    const writer = this.#spareWriter ?? new TupleWriter();
    this.#spareWriter = undefined;
    writer.write(value);
    return writer;
  }

  protected stagedSizeBound(writer: TupleWriter): number {
    return writer.length;
  }

  protected writeStaged(writer: TupleWriter, target: Uint8Array, offset: number): number {
    if (writer.isReusable) this.#spareWriter = writer;
    return writer.copyTo(target, offset);
  }
}
