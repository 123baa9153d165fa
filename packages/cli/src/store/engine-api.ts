// The part of the engine that the command line uses, in one place: what a change of the engine's surface can touch.

export {
  type BatchOperation,
  type Database,
  type DatabaseStatistics,
  type Durability,
  type Keyspace,
  type KeyspaceInfo,
  type KeyspaceStatistics,
  open,
  type RangeOptions,
} from '@varve/engine';
