// How much work the search for blocks may do: a multiple of the file's size, whatever the bytes are.
//
// The unit is a byte that is hashed, about 0.1 ns; everything else is charged as so many of them. Work that leads to a block
// is given back: blocks do not overlap, so that is bounded by itself. What is left to limit is work for nothing:
//
//   search  at any offset. It grows with every offset that is passed, so that forged bytes which use it up in one place leave
//           the search blind only up to a little behind that place
//   anchor  directly behind or in front of a block that was found. Of its own, so that no search can use it up
//
// Ordinary damage takes a small part of either.

/** Charged for every pair of start and end that is hashed, besides its bytes: a call into WebAssembly, two bigints. */
export const CANDIDATE_COST = 256;

/** Charged for every step through a compressed block. */
export const STEP_COST = 8;

/** Charged for every offset that is looked at while the start of a compressed block is searched for. */
export const LOOK_COST = 1;

/** What a search may cost before it has passed anything, and what every offset adds to that, in multiples of the file's size. */
const SEARCH_FACTOR_START = 4;
const SEARCH_FACTOR_ADDED = 12;

const ANCHOR_FACTOR = 16;

/** So that the size of a very small file does not matter. */
const ALLOWANCE_MIN = 16 * 1024;

/** A part of the work that may be done. */
export class WorkAllowance {
  #left: number;
  #spent = 0;

  constructor(left: number) {
    this.#left = left;
  }

  /** How much may still be done. */
  get left(): number {
    return this.#left;
  }

  /** How much was done, that which was given back included. */
  get spent(): number {
    return this.#spent;
  }

  /** Takes `cost` and gives `true`, or takes nothing if there is not that much left. */
  take(cost: number): boolean {
    if (cost > this.#left) return false;
    this.#left -= cost;
    this.#spent += cost;
    return true;
  }

  add(cost: number): void {
    this.#left += cost;
  }
}

/** All the work for one file. */
export class ScanWork {
  /**
   * No more is done than this many times the size of the file, plus a constant: both allowances (32), and for the blocks that
   * are found their bytes (1), the steps through them (8) and, of 30 bytes each, their fixed cost (9).
   */
  static readonly FACTOR_MAX = SEARCH_FACTOR_START + SEARCH_FACTOR_ADDED + ANCHOR_FACTOR + 18;
  static readonly CONSTANT_MAX = 2 * ALLOWANCE_MIN;

  readonly search: WorkAllowance;
  readonly anchor: WorkAllowance;

  constructor(fileSizeBytes: number) {
    this.search = new WorkAllowance(fileSizeBytes * SEARCH_FACTOR_START + ALLOWANCE_MIN);
    this.anchor = new WorkAllowance(fileSizeBytes * ANCHOR_FACTOR + ALLOWANCE_MIN);
  }

  /** Notes that the search has passed one more offset. */
  pass(): void {
    this.search.add(SEARCH_FACTOR_ADDED);
  }

  get spent(): number {
    return this.search.spent + this.anchor.spent;
  }
}
