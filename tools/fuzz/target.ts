// What can be fuzzed: a decoder, and where its input comes from.
//
// An input is either the bytes that the decoder is given, or the files of a directory by name. A target makes inputs in
// two ways: `sealed` ones are valid files in which a field, a byte or a length was changed and every checksum computed
// again, so that what is behind the checksum is reached; the others are changed without that, or are any bytes.

import type { Random } from '../../packages/base/src/index.js';

/** Files of a directory by name. */
export type FileSet = ReadonlyMap<string, Uint8Array>;

/** What a decoder is given. */
export type FuzzInput = Uint8Array | FileSet;

/** One input. */
export interface FuzzCase {
  readonly input: FuzzInput;
  /** Whether checksums are right, or the format has none: the parser itself is reached. */
  readonly isSealed: boolean;
}

/** A decoder that is ready to be fuzzed. */
export interface Decoder {
  /** Makes one input. */
  mutate(random: Random): FuzzCase;
  /**
   * Decodes an input and uses what comes out. May throw a `StorageError`; anything else it throws is a violation, a
   * {@link Violation} included.
   */
  decode(input: FuzzInput): void | Promise<void>;
}

/** What one case may take. */
export interface CaseBounds {
  /** Memory that is asked for, whether or not it is needed at once. */
  readonly allocationBytesMax: number;
  readonly timeMsMax: number;
}

/** One decoder by name. */
export interface FuzzTarget {
  readonly name: string;
  /** Makes valid files to start from. */
  prepare(): Decoder | Promise<Decoder>;
  /** How many cases stand for one of a small decoder: a case that opens a database costs more. Default: 1. */
  readonly cost?: number;
  /** Default: 16 MiB and 50 ms. */
  readonly bounds?: CaseBounds;
}

/** Something that a decoder gave and that cannot be right. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** Throws {@link Violation} unless `condition` holds. */
export function expectThat(condition: boolean, message: string): void {
  if (!condition) throw new Violation(message);
}

/** The bytes of an input that is no set of files. */
export function bytesOf(input: FuzzInput): Uint8Array {
  if (!(input instanceof Uint8Array)) throw new Violation('this decoder takes bytes');
  return input;
}

/** The files of an input that is a set of files. */
export function filesOf(input: FuzzInput): FileSet {
  if (input instanceof Uint8Array) throw new Violation('this decoder takes files');
  return input;
}
