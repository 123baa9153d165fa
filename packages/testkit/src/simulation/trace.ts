// What happened in a run, in order, as one number: two runs that are the same have the same number.
//
// Every step of the scheduler, call to the file system, operation and outcome is a line. Lines are hashed as they come and
// kept only when somebody wants to read them.

const FNV_OFFSET = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;
const SECOND_PRIME = 0x85eb_ca6b;

/** See the head of this file. */
export class Trace {
  readonly #lines: string[] | null;
  #low = FNV_OFFSET;
  #high = 0;
  #lineCount = 0;

  /** @param keeping - whether lines can be read afterwards */
  constructor(keeping: 'hash' | 'lines') {
    this.#lines = keeping === 'lines' ? [] : null;
  }

  /** The lines, if they were kept. */
  get lines(): readonly string[] {
    return this.#lines ?? [];
  }

  get lineCount(): number {
    return this.#lineCount;
  }

  /** The hash of all lines so far. */
  get text(): string {
    return [this.#high, this.#low].map((half) => half.toString(16).padStart(8, '0')).join('');
  }

  add(line: string): void {
    this.#lineCount++;
    this.#lines?.push(line);
    let low = this.#low;
    for (let index = 0; index < line.length; index++) {
      low = Math.imul(low ^ line.charCodeAt(index), FNV_PRIME);
    }
    this.#low = low >>> 0;
    this.#high = Math.imul(this.#high ^ low, SECOND_PRIME) >>> 0;
  }
}
