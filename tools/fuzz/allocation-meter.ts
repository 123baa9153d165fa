// Counts the bytes that code asks memory for, by standing in front of the constructors it uses.
//
// A limit on memory that is measured from outside depends on the collector. What is asked for does not: it is the same
// for the same input, so a test may demand it. Objects and strings are not counted; they cost a decoder input bytes.

const COUNTED = ['Uint8Array', 'Int32Array', 'Uint32Array', 'Float64Array', 'ArrayBuffer'] as const;

type Constructor = new (...words: unknown[]) => object;
type Globals = Record<string, Constructor & { readonly BYTES_PER_ELEMENT?: number }>;

/** See the head of this file. One at a time. */
export class AllocationMeter {
  /** Bytes asked for since it was last set to 0. */
  countedBytes = 0;
  readonly #originals = new Map<string, Constructor>();

  /** Begins to count. */
  install(): void {
    const globals = globalThis as unknown as Globals;
    for (const name of COUNTED) {
      const original = globals[name]!;
      this.#originals.set(name, original);
      globals[name] = this.#counting(original, original.BYTES_PER_ELEMENT ?? 1);
    }
  }

  /** Puts everything back. */
  remove(): void {
    const globals = globalThis as unknown as Globals;
    for (const [name, original] of this.#originals) globals[name] = original;
    this.#originals.clear();
  }

  #counting(original: Constructor, elementSizeBytes: number): Constructor {
    const counting: Constructor = new Proxy(original, {
      construct: (target, words, newTarget: Constructor) => {
        const [length] = words as unknown[];
        if (typeof length === 'number') this.countedBytes += length * elementSizeBytes;
        return Reflect.construct(target, words, newTarget === counting ? target : newTarget);
      },
    });
    return counting;
  }
}
