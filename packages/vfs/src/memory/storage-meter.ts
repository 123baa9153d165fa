// How full a device in memory is. One per file system, shared by its files.

/** Counts the bytes in files that have a name or an open handle. */
export class StorageMeter {
  /** Size of the device; may change at any time, also below what is used. */
  capacityBytes: number;
  #usedBytes = 0;

  constructor(capacityBytes: number) {
    this.capacityBytes = capacityBytes;
  }

  /** What can still be stored; never negative. */
  get freeBytes(): number {
    return Math.max(0, this.capacityBytes - this.#usedBytes);
  }

  /** Takes notice of `sizeBytes` more, or fewer when negative. */
  add(sizeBytes: number): void {
    this.#usedBytes += sizeBytes;
  }
}
