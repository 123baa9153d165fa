/**
 * Keys and values for measurements: made inside the loop into reused memory, because half a million key objects cost more
 * than the engine.
 */

/** A fixed permutation of 0..count-1, computed index by index. */
export class KeyOrder {
  readonly #count: number;
  readonly #step: number;
  #index = -1;
  #value = 0;

  /** `'sequential'` is the identity; `'random'` visits every index once, far from the one before. */
  constructor(count: number, order: 'sequential' | 'random') {
    this.#count = count;
    this.#step = order === 'sequential' ? 1 : coprimeNear(Math.floor(count * 0.618), count);
  }

  /** Cheapest in order: the next is one addition from the one before, where a remainder of large numbers costs 0.1 µs. */
  at(index: number): number {
    if (index === this.#index + 1 && index > 0) {
      const sum = this.#value + this.#step;
      this.#value = sum >= this.#count ? sum - this.#count : sum;
    } else {
      this.#value = (index * this.#step) % this.#count;
    }
    this.#index = index;
    return this.#value;
  }
}

/** Writes `value` as 16 decimal digits, as db_bench does, and gives the same buffer. */
export function writeKey(target: Buffer, value: number): Buffer {
  const high = Math.floor(value / 1e8);
  writeEightDigits(target, 0, high | 0);
  writeEightDigits(target, 8, (value - high * 1e8) | 0);
  return target;
}

function writeEightDigits(target: Buffer, offset: number, value: number): void {
  let rest = value;
  for (let position = offset + 7; position >= offset; position--) {
    const tens = (rest / 10) | 0;
    target[position] = 48 + rest - tens * 10;
    rest = tens;
  }
}

/** Values half of which compresses: cut out of one large buffer at moving offsets. */
export class ValueSource {
  readonly #bytes: Buffer;
  readonly #sizeBytes: number;
  #offset = 0;

  constructor(sizeBytes: number, seed = 1) {
    this.#sizeBytes = sizeBytes;
    this.#bytes = Buffer.alloc(1 << 20);
    let state = seed >>> 0;
    for (let position = 0; position < this.#bytes.length; position++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      // Runs of 50 random bytes and 50 repeated ones.
      const isRandom = position % 100 < 50;
      this.#bytes[position] = isRandom ? state >>> 24 : 0x61 + (Math.floor(position / 100) % 26);
    }
  }

  next(): Buffer {
    this.#offset += this.#sizeBytes;
    if (this.#offset + this.#sizeBytes > this.#bytes.length) this.#offset %= 97;
    return this.#bytes.subarray(this.#offset, this.#offset + this.#sizeBytes);
  }
}

function coprimeNear(start: number, count: number): number {
  let candidate = Math.max(1, start);
  while (greatestCommonDivisor(candidate, count) !== 1) candidate += 1;
  return candidate;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
