/**
 * Proof that an engine gives back what was written, after the timed part and outside of it. What was done is computed a
 * second time; keys are sampled, and each must have the value of its last write.
 */
import { hash32 } from '../distributions/random.js';
import type { EngineStore } from '../engines/engine.js';
import type { Entries } from './entries.js';
import { WrongDataError } from './workload.js';

/** Entries to compare after each run, unless there are fewer. */
export const SAMPLE_COUNT = 2000;
const SAMPLE_SEED = 7;

/** The key that write number `index` touched. Called with every index in ascending order. */
export type Replay = (index: number) => number;

/** Up to `SAMPLE_COUNT` numbers out of 0 … count - 1, scattered over all. */
export function sampleOf(count: number): number[] {
  if (count <= SAMPLE_COUNT) return Array.from({ length: count }, (_, index) => index);
  return Array.from({ length: SAMPLE_COUNT }, (_, index) =>
    Math.floor(((index + hash32(index, SAMPLE_SEED) / 2 ** 32) * count) / SAMPLE_COUNT),
  );
}

/** Which keys to look at, and the generation each must have; undefined for one that must be gone. */
export type Expectation = ReadonlyMap<number, number | undefined>;

/** The last writes of a sample of the keys that `writeCount` writes touched. */
export function lastWritesOf(replay: () => Replay, writeCount: number): Map<number, number> {
  const positions = new Set(sampleOf(writeCount));
  const lastWrites = new Map<number, number>();
  forEachWrite(replay(), writeCount, (key, index) => {
    if (positions.has(index)) lastWrites.set(key, index);
  });
  forEachWrite(replay(), writeCount, (key, index) => {
    if (lastWrites.has(key)) lastWrites.set(key, index);
  });
  return lastWrites;
}

/** How many different keys the writes touched. */
export function distinctKeyCountOf(
  replay: () => Replay,
  counts: { readonly writeCount: number; readonly keyCount: number },
): number {
  const isTouched = new Uint8Array(counts.keyCount);
  let distinctCount = 0;
  forEachWrite(replay(), counts.writeCount, (key) => {
    distinctCount += 1 - isTouched[key];
    isTouched[key] = 1;
  });
  return distinctCount;
}

/** Gets every key and compares. Gives how many. @throws WrongDataError */
export async function verifyEntries(
  store: EngineStore,
  entries: Entries,
  expectation: Expectation,
): Promise<number> {
  for (const [key, generation] of expectation) {
    const found = await store.get(entries.key(key, 0));
    const expected = generation === undefined ? undefined : entries.values.at(key, generation);
    if (isSame(found, expected)) continue;
    throw new WrongDataError(`Key ${key} ${describe(found)}, but it should ${wanted(expected)}`);
  }
  return expectation.size;
}

function forEachWrite(
  replay: Replay,
  writeCount: number,
  visit: (key: number, index: number) => void,
): void {
  for (let index = 0; index < writeCount; index++) visit(replay(index), index);
}

function isSame(found: Uint8Array | undefined, expected: Buffer | undefined): boolean {
  if (found === undefined || expected === undefined) return found === expected;
  return expected.equals(found);
}

function describe(found: Uint8Array | undefined): string {
  return found === undefined ? 'is missing' : `holds ${found.length} bytes`;
}

function wanted(expected: Buffer | undefined): string {
  return expected === undefined ? 'be gone' : `hold other ${expected.length} bytes`;
}
