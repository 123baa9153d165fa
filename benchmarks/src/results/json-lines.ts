/** Results as lines of JSON, written as they come, so that an interrupted benchmark leaves what it has. */
import { appendFileSync, writeFileSync } from 'node:fs';
import type { BenchmarkResult } from './result.js';

/** A results file that grows. */
export class JsonLinesFile {
  readonly #path: string;

  /** Creates the file, or empties it. */
  constructor(path: string) {
    this.#path = path;
    writeFileSync(path, '');
  }

  /** Adds a line per result. */
  append(results: readonly BenchmarkResult[]): void {
    appendFileSync(this.#path, results.map(lineOf).join(''));
  }
}

/** A result as a line, with digits as far as they mean something. */
export function lineOf(result: BenchmarkResult): string {
  return `${JSON.stringify(result, rounded)}\n`;
}

const DIGIT_COUNT = 6;

function rounded(_key: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isInteger(value)) return value;
  return Number(value.toPrecision(DIGIT_COUNT));
}
