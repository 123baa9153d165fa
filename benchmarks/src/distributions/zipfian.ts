/**
 * The zipfian distribution of Gray et al., "Quickly Generating Billion-Record Synthetic Databases" (1994), as YCSB uses it.
 *
 * A rank is drawn with one power function. The sum over all ranks is exact for the first ten thousand and an integral
 * beyond (Euler-Maclaurin), so that ten million keys need no second of preparation.
 */

/** The skew of YCSB. */
export const YCSB_THETA = 0.99;

const EXACT_TERM_COUNT = 10_000;

/** Draws ranks: 0 is the most popular. */
export class Zipfian {
  readonly #count: number;
  readonly #total: number;
  readonly #alpha: number;
  readonly #eta: number;
  readonly #secondLimit: number;

  /** Ranks 0 … count - 1; rank r has a weight of 1 / (r + 1)^theta. */
  constructor(count: number, theta = YCSB_THETA) {
    this.#count = count;
    this.#total = zeta(count, theta);
    this.#alpha = 1 / (1 - theta);
    this.#secondLimit = 1 + 0.5 ** theta;
    this.#eta = (1 - (2 / count) ** (1 - theta)) / (1 - zeta(2, theta) / this.#total);
  }

  /** The rank for a number from 0 up to but not including 1. */
  rankOf(draw: number): number {
    const weight = draw * this.#total;
    if (weight < 1 || this.#count === 1) return 0;
    if (weight < this.#secondLimit || this.#count === 2) return 1;
    const rank = Math.floor(this.#count * (this.#eta * draw - this.#eta + 1) ** this.#alpha);
    return Math.min(rank, this.#count - 1);
  }
}

/** The sum of 1 / i^theta for i from 1 to count. */
export function zeta(count: number, theta: number): number {
  const exactCount = Math.min(count, EXACT_TERM_COUNT);
  let sum = 0;
  for (let term = 1; term <= exactCount; term++) sum += term ** -theta;
  if (count === exactCount) return sum;
  const power = 1 - theta;
  const integral = (count ** power - exactCount ** power) / power;
  return sum + integral + (count ** -theta - exactCount ** -theta) / 2;
}
