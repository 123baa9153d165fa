/**
 * The block cache: decoded data blocks in one slab of equal slots.
 *
 * A block is cut so that its content fits `slotSizeBytes`, so a slot holds any block but one made of a single large
 * entry; those live in buffers of their own, charged to the same budget. Eviction is CLOCK: every lookup sets the
 * slot's reference byte, the hand clears it and takes the first slot found clear. Compared with a buffer per block a
 * slab spares two dependent cache misses per lookup and leaves nothing for the garbage collector to visit.
 *
 * The slab is allocated at its full size, when the first block is cached: the operating system gives pages when they are
 * first touched, but memory that only might be needed makes the garbage collector run, and opening would wait for it.
 */
import { assert, memoryErrorOf } from '@varve/base';
import { OversizedBlocks } from './oversized-blocks.js';
import { NOT_CACHED, type TableHandle } from './table-handle.js';

export interface BlockCacheOptions {
  readonly capacityBytes: number;
  readonly slotSizeBytes: number;
}

/** Slots the cache keeps even when other memory has used up its share. */
const MINIMUM_SLOT_COUNT = 64;

/** The largest buffer of Node.js 20. What a larger cache has beyond it can only be used by oversized blocks. */
const SLAB_SIZE_BYTES_MAX = 4 * 1024 * 1024 * 1024;

export class BlockCache {
  /** The slab: the block in slot `s` starts at `s * slotSizeBytes`. Empty until a slot is taken: not to be remembered. */
  bytes = Buffer.alloc(0);
  readonly slotSizeBytes: number;
  readonly oversized = new OversizedBlocks();
  hitCount = 0;
  missCount = 0;
  readonly #capacityBytes: number;
  #owners: (TableHandle | null)[] = [];
  #ownerBlocks = new Int32Array(0);
  #referenced = new Uint8Array(0);
  readonly #slotCount: number;
  /** Slots below this may be used; it falls as index and filter bytes rise. */
  #usableSlotCount: number;
  #usedSlotCount = 0;
  #hand = 0;
  #chargedBytes = 0;

  constructor(options: BlockCacheOptions) {
    this.#capacityBytes = options.capacityBytes;
    this.slotSizeBytes = options.slotSizeBytes;
    const slabSizeBytes = Math.min(options.capacityBytes, SLAB_SIZE_BYTES_MAX);
    this.#slotCount = Math.max(
      MINIMUM_SLOT_COUNT,
      Math.floor(slabSizeBytes / options.slotSizeBytes),
    );
    this.#usableSlotCount = this.#slotCount;
  }

  /** Bytes of cached blocks. */
  get usedBytes(): number {
    return this.#usedSlotCount * this.slotSizeBytes + this.oversized.sizeBytes;
  }

  /** Marks a slot as used just now. The caller read it from a handle's `blockSlots`. */
  touch(slot: number): void {
    this.hitCount += 1;
    this.#referenced[slot] = 1;
  }

  /** Charges (or with a negative number gives back) memory that shares this budget, such as filters. */
  charge(bytes: number): void {
    this.#chargedBytes += bytes;
    this.#fitBudget();
  }

  /**
   * Takes a slot for a block, evicting another if need be. The caller fills it, then calls `publish`.
   * @throws StorageError BUSY when there is no memory for the slab
   */
  takeSlot(): number {
    if (this.bytes.length === 0) this.#allocate();
    const usable = this.#usableSlotCount;
    for (;;) {
      const slot = this.#hand;
      this.#hand = slot + 1 >= usable ? 0 : slot + 1;
      if (this.#owners[slot] === null) return slot;
      if (this.#referenced[slot] === 0) {
        this.#evict(slot);
        return slot;
      }
      this.#referenced[slot] = 0;
    }
  }

  /** Makes a filled slot findable. */
  publish(slot: number, handle: TableHandle, blockIndex: number): void {
    assert(this.#owners[slot] === null, 'A slot is published once');
    this.#owners[slot] = handle;
    this.#ownerBlocks[slot] = blockIndex;
    this.#referenced[slot] = 0;
    this.#usedSlotCount += 1;
    handle.blockSlots[blockIndex] = slot;
  }

  /** A block too large for a slot, if it is cached; it then counts as used just now. */
  getOversized(handle: TableHandle, blockIndex: number): Uint8Array | undefined {
    const content = this.oversized.get(handle, blockIndex);
    if (content !== undefined) this.hitCount += 1;
    return content;
  }

  /** Whether blocks too large for a slot, of this size together, may stay for a while. */
  keeps(sizeBytes: number): boolean {
    return sizeBytes * 4 <= this.#capacityBytes - this.#chargedBytes;
  }

  /** Keeps a block too large for a slot, if there is room for such a block. */
  publishOversized(content: Uint8Array, handle: TableHandle, blockIndex: number): void {
    if (!this.keeps(content.length)) return;
    this.oversized.add(content, handle, blockIndex);
    this.#fitBudget();
  }

  /** Forgets every block of a table that is being closed. */
  dropTable(handle: TableHandle): void {
    const slots = handle.blockSlots;
    for (let blockIndex = 0; blockIndex < slots.length; blockIndex++) {
      const slot = slots[blockIndex];
      if (slot >= 0) this.#evict(slot);
    }
    this.oversized.dropTable(handle);
  }

  /** Gives the slab back. Requires: every table is closed. */
  release(): void {
    this.bytes = Buffer.alloc(0);
    this.#owners = [];
    this.#ownerBlocks = new Int32Array(0);
    this.#referenced = new Uint8Array(0);
  }

  #allocate(): void {
    try {
      this.#owners = new Array<TableHandle | null>(this.#slotCount).fill(null);
      this.#ownerBlocks = new Int32Array(this.#slotCount);
      this.#referenced = new Uint8Array(this.#slotCount);
      this.bytes = Buffer.from(new ArrayBuffer(this.#slotCount * this.slotSizeBytes));
    } catch (error) {
      throw memoryErrorOf(error, 'cache a block');
    }
  }

  #evict(slot: number): void {
    const handle = this.#owners[slot]!;
    handle.blockSlots[this.#ownerBlocks[slot]] = NOT_CACHED;
    this.#owners[slot] = null;
    this.#usedSlotCount -= 1;
  }

  /** Oversized blocks and charged memory leave fewer slots; those above the new limit are emptied. */
  #fitBudget(): void {
    const forBlocks = this.#capacityBytes - this.#chargedBytes;
    this.oversized.shrinkTo(Math.max(0, Math.floor(forBlocks / 2)));
    const forSlots = forBlocks - this.oversized.sizeBytes;
    const wanted = Math.floor(forSlots / this.slotSizeBytes);
    const usable = Math.min(this.#slotCount, Math.max(MINIMUM_SLOT_COUNT, wanted));
    const end = Math.min(this.#usableSlotCount, this.#owners.length);
    for (let slot = usable; slot < end; slot++) {
      if (this.#owners[slot] !== null) this.#evict(slot);
    }
    this.#usableSlotCount = usable;
    if (this.#hand >= usable) this.#hand = 0;
  }
}
