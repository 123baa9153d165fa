/** The Varve storage engine as an abstract-level database. */
export { LevelError } from './level-error.js';
export type { DatabaseOptions, OpenOptions } from './level-options.js';
export type {
  BatchOptions,
  ChainedBatch,
  ChainedBatchWriteOptions,
  DelOptions,
  IteratorOptions,
  KeyIteratorOptions,
  LevelFormat,
  LevelReadAheadOptions,
  LevelWriteOptions,
  PutOptions,
  StartEndOptions,
  ValueIteratorOptions,
} from './level-types.js';
export { VarveIterator, VarveKeyIterator, VarveValueIterator } from './varve-iterators.js';
export { VarveLevel } from './varve-level.js';
export { VarveSnapshot } from './varve-snapshot.js';
