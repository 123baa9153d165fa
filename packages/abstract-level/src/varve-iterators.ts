/**
 * The iterators over entries, keys and values: each a kind of abstract-level's, reading ahead from the engine.
 */
import {
  AbstractIterator,
  type AbstractIteratorOptions,
  AbstractKeyIterator,
  type AbstractKeyIteratorOptions,
  AbstractValueIterator,
  type AbstractValueIteratorOptions,
} from 'abstract-level';
import { type ReadsAhead, readingAhead } from './ahead-iterator.js';
import type { LevelData } from './level-encodings.js';
import type { ReadAhead } from './read-ahead.js';

/** An entry in the format that abstract-level decodes; what was not asked for is undefined. */
export type LevelEntry = [LevelData | undefined, LevelData | undefined];

/** The part of an encoding that reads. */
interface Decoder {
  decode(data: LevelData): unknown;
}

/** Encodings of an iterator, which abstract-level keeps under symbols of its own. */
function decoderOf(options: object, symbol: unknown): Decoder {
  return (options as Record<symbol, Decoder>)[symbol as symbol]!;
}

const { keyEncoding, valueEncoding } = AbstractIterator as unknown as Record<string, symbol>;

const EntryIterator = readingAhead<LevelEntry>(AbstractIterator, (options) => {
  const keys = decoderOf(options, keyEncoding);
  const values = decoderOf(options, valueEncoding);
  return (item) => {
    const [key, value] = item;
    if (key !== undefined) item[0] = keys.decode(key) as LevelData;
    if (value !== undefined) item[1] = values.decode(value) as LevelData;
    return item;
  };
}) as new <TDatabase, K, V>(
  db: TDatabase,
  options: AbstractIteratorOptions<K, V>,
  ahead: ReadAhead<LevelEntry>,
) => AbstractIterator<TDatabase, K, V> & ReadsAhead<[K, V]>;

const KeyIterator = readingAhead<LevelData>(AbstractKeyIterator, (options) => {
  const keys = decoderOf(options, keyEncoding);
  return (key) => keys.decode(key);
}) as new <TDatabase, K>(
  db: TDatabase,
  options: AbstractKeyIteratorOptions<K>,
  ahead: ReadAhead<LevelData>,
) => AbstractKeyIterator<TDatabase, K> & ReadsAhead<K>;

const ValueIterator = readingAhead<LevelData>(AbstractValueIterator, (options) => {
  const values = decoderOf(options, valueEncoding);
  return (value) => values.decode(value);
}) as new <TDatabase, K, V>(
  db: TDatabase,
  options: AbstractValueIteratorOptions<K, V>,
  ahead: ReadAhead<LevelData>,
) => AbstractValueIterator<TDatabase, K, V> & ReadsAhead<V>;

/** Entries of a range. Made by `VarveLevel.iterator()`. */
export class VarveIterator<TDatabase, K, V> extends EntryIterator<TDatabase, K, V> {}

/** Keys of a range. Made by `VarveLevel.keys()`. */
export class VarveKeyIterator<TDatabase, K> extends KeyIterator<TDatabase, K> {}

/** Values of a range. Made by `VarveLevel.values()`. */
export class VarveValueIterator<TDatabase, K, V> extends ValueIterator<TDatabase, K, V> {}
