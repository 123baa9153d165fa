/** Keys as db_bench makes them: decimal digits, written inside the loop into memory that is used again. */

const DIGIT_COUNT = 16;
const HALF_DIGIT_COUNT = 8;
const HALF = 1e8;
const ZERO = 48;

/** Writes the keys of one caller, into one buffer. */
export class KeyWriter {
  readonly #key: Buffer;
  readonly #missing: Buffer;
  /** The sixteen digits, when the key is shorter than that. */
  readonly #digits: Buffer;
  readonly #sizeBytes: number;

  /** Keys longer than 16 bytes start with more zeros. */
  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
    const whole = Buffer.alloc(Math.max(sizeBytes, DIGIT_COUNT) + 1, ZERO);
    whole[whole.length - 1] = 46;
    const start = whole.length - 1 - sizeBytes;
    this.#digits = whole.subarray(whole.length - 1 - DIGIT_COUNT, whole.length - 1);
    this.#key = whole.subarray(start, whole.length - 1);
    this.#missing = whole.subarray(start);
  }

  /** The key of a number. Valid until the next one is written. */
  write(number: number): Buffer {
    const high = Math.floor(number / HALF);
    writeDigits(this.#digits, 0, high | 0);
    writeDigits(this.#digits, HALF_DIGIT_COUNT, (number - high * HALF) | 0);
    return this.#key;
  }

  /** A key that no store has: right after that of the number, with a dot more. */
  writeMissing(number: number): Buffer {
    this.write(number);
    return this.#missing;
  }

  /** The number of a key. */
  numberOf(key: Uint8Array): number {
    let number = 0;
    for (let index = 0; index < this.#sizeBytes; index++) number = number * 10 + key[index] - ZERO;
    return number;
  }
}

function writeDigits(target: Buffer, offset: number, value: number): void {
  let rest = value;
  for (let position = offset + HALF_DIGIT_COUNT - 1; position >= offset; position--) {
    const tens = (rest / 10) | 0;
    target[position] = ZERO + rest - tens * 10;
    rest = tens;
  }
}
