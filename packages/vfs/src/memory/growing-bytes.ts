// Bytes that grow by doubling, for the contents of files in memory. Bytes outside the size are always zero, so that a
// file which is cut and grown again shows zeros and nothing of what it held.
//
// Copies share their bytes until one of them changes, so a crash image of many files costs next to nothing.

import { checksum64 } from '@varve/base';

const CAPACITY_BYTES_MIN = 512;

/** A byte array with a size that writes and `resize` move. */
export class GrowingBytes {
  #bytes: Uint8Array;
  #sizeBytes: number;
  #ownership: 'own' | 'shared' = 'own';
  #checksum: bigint | null = null;

  /** Takes over `bytes`: nobody else may change them. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
    this.#sizeBytes = bytes.length;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** A copy that goes its own way. */
  copy(): GrowingBytes {
    const twin = new GrowingBytes(this.#bytes);
    twin.#sizeBytes = this.#sizeBytes;
    twin.#checksum = this.#checksum;
    twin.#ownership = 'shared';
    this.#ownership = 'shared';
    return twin;
  }

  /** Equal for equal content; remembered until the next change. Requires: checksums are initialized. */
  checksum(): bigint {
    this.#checksum ??= checksum64(this.#bytes, 0, this.#sizeBytes, 0n);
    return this.#checksum;
  }

  /** The content itself, valid until the next change. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#sizeBytes);
  }

  /** Copies content from `position` into `target`, as far as there is; returns how much. */
  read(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    const end = Math.min(position + length, this.#sizeBytes);
    if (end <= position) return 0;
    target.set(this.#bytes.subarray(position, end), targetOffset);
    return end - position;
  }

  /** Puts `source` at `position`, growing over a gap of zeros if need be. */
  write(source: Uint8Array, position: number): void {
    const end = position + source.length;
    this.#own();
    if (end > this.#sizeBytes) this.resize(end);
    this.#bytes.set(source, position);
  }

  /** Cuts the content, or extends it by zeros. */
  resize(sizeBytes: number): void {
    this.#own();
    if (sizeBytes < this.#sizeBytes) this.#bytes.fill(0, sizeBytes, this.#sizeBytes);
    if (sizeBytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(sizeBytes, this.#bytes.length * 2, CAPACITY_BYTES_MIN));
      grown.set(this.view());
      this.#bytes = grown;
    }
    this.#sizeBytes = sizeBytes;
  }

  /** Before a change. */
  #own(): void {
    this.#checksum = null;
    if (this.#ownership === 'own') return;
    this.#bytes = this.#bytes.slice(0, this.#sizeBytes);
    this.#ownership = 'own';
  }
}
