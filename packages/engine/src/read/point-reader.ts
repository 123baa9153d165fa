/**
 * Point reads as users see them: a key goes in, a decoded value or `undefined` comes out.
 *
 * The key is encoded into one reused buffer. A lookup that finds everything in memory costs no promise of its own; one
 * that misses retains its view, loads the block on the thread pool and looks again at the same sequence.
 */
import type { Encoding } from '../encoding/index.js';
import type { TableStore } from '../tables/index.js';
import type { CurrentView } from '../view/index.js';
import type { LoadedBlock, LookupTarget } from './entry-lookup.js';
import { ABSENT, EntryLookup, FOUND, MISSING } from './entry-lookup.js';

/** A keyspace as the read path knows it. */
export interface ReadFormat<K, V> {
  readonly keyspaceId: number;
  readonly key: Encoding<K>;
  readonly value: Encoding<V>;
}

/** The newest visible state. */
export const LATEST = -1;

const INITIAL_KEY_CAPACITY_BYTES = 256;

export class PointReader {
  readonly lookup: EntryLookup;
  readonly #current: CurrentView;
  readonly #tables: TableStore;
  readonly #target: LookupTarget;
  #keyBuffer = Buffer.allocUnsafeSlow(INITIAL_KEY_CAPACITY_BYTES);

  constructor(current: CurrentView, tables: TableStore) {
    this.#current = current;
    this.#tables = tables;
    this.lookup = new EntryLookup(tables);
    this.#target = {
      view: current.view,
      keyspaceId: 0,
      sequence: 0,
      key: this.#keyBuffer,
      keyStart: 0,
      keyEnd: 0,
    };
  }

  /** @param sequence of a snapshot, or `LATEST` */
  getSync<K, V>(format: ReadFormat<K, V>, key: K, sequence: number): V | undefined {
    this.#aim(format, key, sequence);
    if (this.lookup.run(this.#target, 'sync', NONE_LOADED) !== FOUND) return undefined;
    return this.#decode(format);
  }

  hasSync<K, V>(format: ReadFormat<K, V>, key: K, sequence: number): boolean {
    this.#aim(format, key, sequence);
    return this.lookup.run(this.#target, 'sync', NONE_LOADED) === FOUND;
  }

  get<K, V>(format: ReadFormat<K, V>, key: K, sequence: number): Promise<V | undefined> {
    this.#aim(format, key, sequence);
    const result = this.lookup.run(this.#target, 'async', NONE_LOADED);
    if (result === FOUND) return Promise.resolve(this.#decode(format));
    if (result === ABSENT) return RESOLVED_UNDEFINED;
    return this.#loadAndGet(format);
  }

  has<K, V>(format: ReadFormat<K, V>, key: K, sequence: number): Promise<boolean> {
    this.#aim(format, key, sequence);
    const result = this.lookup.run(this.#target, 'async', NONE_LOADED);
    if (result !== MISSING) return Promise.resolve(result === FOUND);
    return this.#loadAndRun(() => true).then((found) => found === true);
  }

  /**
   * Values in the order of the keys, all as of one sequence; blocks not in memory are loaded in parallel.
   * @throws TypeError when `keys` is no array
   */
  getMany<K, V>(
    format: ReadFormat<K, V>,
    keys: readonly K[],
    sequence: number,
  ): Promise<(V | undefined)[]> {
    if (!Array.isArray(keys)) throw new TypeError('Cannot read keys: expected an array of keys');
    const values: (V | undefined)[] = new Array(keys.length).fill(undefined);
    const loads: Promise<void>[] = [];
    try {
      for (let index = 0; index < keys.length; index++) {
        this.#aim(format, keys[index], sequence);
        const result = this.lookup.run(this.#target, 'async', NONE_LOADED);
        if (result === FOUND) values[index] = this.#decode(format);
        else if (result === MISSING) {
          loads.push(
            this.#loadAndGet(format).then((value) => {
              values[index] = value;
            }),
          );
        }
      }
    } catch (error) {
      // The caller is told of this one; whether a load fails as well is of no use to anybody.
      void Promise.allSettled(loads);
      throw error;
    }
    return loads.length === 0 ? Promise.resolve(values) : Promise.all(loads).then(() => values);
  }

  /** Lets go of the memory it read last, at close. */
  dispose(): void {
    this.#target.view = this.#current.view;
    this.lookup.forget();
  }

  /** Points the shared target at a key. */
  #aim<K, V>(format: ReadFormat<K, V>, key: K, sequence: number): void {
    const bound = format.key.sizeBound(key);
    if (bound > this.#keyBuffer.length) this.#keyBuffer = Buffer.allocUnsafeSlow(bound * 2);
    const target = this.#target;
    target.view = this.#current.view;
    target.keyspaceId = format.keyspaceId;
    target.sequence = sequence === LATEST ? this.#current.visibleSequence : sequence;
    target.key = this.#keyBuffer;
    target.keyEnd = format.key.write(key, this.#keyBuffer, 0);
  }

  #decode<K, V>(format: ReadFormat<K, V>): V {
    const { bytes, valueStart, valueEnd } = this.lookup;
    return format.value.read(bytes, valueStart, valueEnd);
  }

  #loadAndGet<K, V>(format: ReadFormat<K, V>): Promise<V | undefined> {
    return this.#loadAndRun(() => this.#decode(format));
  }

  /**
   * Goes on after a miss. `take` is called in the same turn as the lookup that found the value, because the next lookup
   * overwrites where it was found.
   */
  async #loadAndRun<R>(take: () => R): Promise<R | undefined> {
    const shared = this.#target;
    // A copy, which slice() of a Buffer is not: the next lookup overwrites the shared key.
    const target = { ...shared, key: new Uint8Array(shared.key.subarray(0, shared.keyEnd)) };
    const view = target.view.retain();
    try {
      const loaded: LoadedBlock[] = [];
      let result = MISSING;
      while (result === MISSING) {
        loaded.push(await this.#load());
        result = this.lookup.run(target, 'async', loaded);
      }
      return result === FOUND ? take() : undefined;
    } finally {
      view.release();
    }
  }

  async #load(): Promise<LoadedBlock> {
    const handle = this.lookup.missingHandle!;
    const blockIndex = this.lookup.missingBlockIndex;
    const content = await this.#tables.loader.load(handle, blockIndex);
    return { handle, blockIndex, content };
  }
}

const NONE_LOADED: readonly LoadedBlock[] = [];
const RESOLVED_UNDEFINED: Promise<undefined> = Promise.resolve(undefined);
