// Collects one line per data block and encodes the index block: reader.ts has the layout.

import { ByteWriter } from '@varve/base';

/** Builds the index of one table. O(1) numbers and a short key per block. */
export class IndexWriter {
  readonly #ends: number[] = [];
  readonly #contentLengths: number[] = [];
  readonly #separatorEnds: number[] = [];
  readonly #separators = new ByteWriter();

  get blockCount(): number {
    return this.#ends.length;
  }

  /** Adds the next block: where it ends in the file, and how long its content is. */
  addBlock(end: number, contentLength: number): void {
    this.#ends.push(end);
    this.#contentLengths.push(contentLength);
  }

  /** Adds the separator that belongs to the last block added. */
  addSeparator(separator: Uint8Array): void {
    this.#separators.bytes(separator);
    this.#separatorEnds.push(this.#separators.length);
  }

  /** Gives the content of the index block. Requires: as many separators as blocks. */
  finish(): Uint8Array {
    const writer = new ByteWriter();
    writer.u32(this.blockCount);
    for (const end of this.#ends) writer.u32(end);
    for (const contentLength of this.#contentLengths) writer.u32(contentLength);
    for (const separatorEnd of this.#separatorEnds) writer.u32(separatorEnd);
    writer.bytes(this.#separators.toBytes());
    return writer.toBytes();
  }
}
