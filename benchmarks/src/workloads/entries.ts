/** The keys and values of a run, as its settings say. */
import { KeyWriter } from '../distributions/keys.js';
import { derivedSeed } from '../distributions/random.js';
import { ValuePool } from '../distributions/values.js';
import type { RunSettings } from '../run/raw-figures.js';

const VALUE_SEED_PURPOSE = 100;

/** What each lane writes keys with, and the values all share. */
export class Entries {
  readonly values: ValuePool;
  /** Keys and values of one entry, in bytes. */
  readonly entrySizeBytes: number;
  readonly #keySizeBytes: number;
  readonly #writers: KeyWriter[];

  constructor(settings: RunSettings) {
    const { keySizeBytes, valueSizeBytes, valueCompressibility, seed, writers } = settings;
    this.#keySizeBytes = keySizeBytes;
    this.entrySizeBytes = keySizeBytes + valueSizeBytes;
    this.values = new ValuePool(valueSizeBytes, {
      compressibility: valueCompressibility,
      seed: derivedSeed(seed, VALUE_SEED_PURPOSE),
    });
    this.#writers = Array.from({ length: writers }, () => this.newKeyWriter());
  }

  /** The key of a number in the memory of a lane, valid until that lane writes its next. */
  key(number: number, lane: number): Buffer {
    return this.#writers[lane].write(number);
  }

  /** A key near that number which no store has. */
  missingKey(number: number, lane: number): Buffer {
    return this.#writers[lane].writeMissing(number);
  }

  /** Memory for keys that must live beside those of the lanes. */
  newKeyWriter(): KeyWriter {
    return new KeyWriter(this.#keySizeBytes);
  }
}
