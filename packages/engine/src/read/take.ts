/**
 * What a loop over `entries()`, `keys()` or `values()` receives, made from the position of a cursor.
 *
 * Encodings that can share memory with their reader get a copy of a whole block at a time: see OwnedBlock.
 */
import type { VisibleCursor } from '../iterators/index.js';
import { OwnedBlock } from './owned-block.js';
import type { ReadFormat } from './point-reader.js';

/** Makes what the loop receives. One serves all loops over a scan. */
export type Take<T> = (cursor: VisibleCursor) => T;

export function takeKey<K, V>({ key }: ReadFormat<K, V>): Take<K> {
  return ({ keyBytes, keyOffset, keyLength }) =>
    key.read(keyBytes, keyOffset, keyOffset + keyLength);
}

export function takeValue<K, V>({ value }: ReadFormat<K, V>): Take<V> {
  if (value.readOwned === undefined) {
    return ({ valueBytes, valueOffset, valueLength }) =>
      value.read(valueBytes, valueOffset, valueOffset + valueLength);
  }
  const block = new OwnedBlock();
  return ({ keyBytes, valueBytes, valueOffset, valueLength }) => {
    // A walk backward saves values in memory of its own, which is the same at every entry while its content is not.
    return keyBytes === valueBytes && block.holds(valueBytes)
      ? value.readOwned!(block.memory, block.start + valueOffset, valueLength)
      : value.read(valueBytes, valueOffset, valueOffset + valueLength);
  };
}

export function takeEntry<K, V>(format: ReadFormat<K, V>): Take<[K, V]> {
  const { key, value } = format;
  if (key.readOwned !== undefined && value.readOwned !== undefined) return takeOwnedEntry(format);
  const readKey = takeKey(format);
  const readValue = takeValue(format);
  return (cursor) => [readKey(cursor), readValue(cursor)];
}

/** Key and value lie in the same block, unless it is a memtable's. */
function takeOwnedEntry<K, V>({ key, value }: ReadFormat<K, V>): Take<[K, V]> {
  const block = new OwnedBlock();
  return ({ keyBytes, keyOffset, keyLength, valueBytes, valueOffset, valueLength }) => {
    if (keyBytes !== valueBytes || !block.holds(valueBytes)) {
      return [
        key.read(keyBytes, keyOffset, keyOffset + keyLength),
        value.read(valueBytes, valueOffset, valueOffset + valueLength),
      ];
    }
    const { memory, start } = block;
    return [
      key.readOwned!(memory, start + keyOffset, keyLength),
      value.readOwned!(memory, start + valueOffset, valueLength),
    ];
  };
}
