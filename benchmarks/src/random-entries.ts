/**
 * Keys and values for measurements: made inside the loop into reused memory, because half a million key objects cost more
 * than the engine.
 */

/** A fixed permutation of 0..count-1, computed index by index. */
export class KeyOrder {
  readonly #count: number;
  readonly #multiplier: number;

  /** `'sequential'` is the identity; `'random'` visits every index once, far from the one before. */
  constructor(count: number, order: 'sequential' | 'random') {
    this.#count = count;
    this.#multiplier = order === 'sequential' ? 1 : coprimeNear(Math.floor(count * 0.618), count);
  }

  at(index: number): number {
    return (index * this.#multiplier) % this.#count;
  }
}

/** Writes `value` as 16 decimal digits, as db_bench does, and gives the same buffer. */
export function writeKey(target: Buffer, value: number): Buffer {
  let rest = value;
  for (let position = 15; position >= 0; position--) {
    target[position] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return target;
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
