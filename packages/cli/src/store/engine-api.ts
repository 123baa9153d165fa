// The part of the engine that the command line uses, in one place: what a change of the engine's surface can touch.

export {
  type BatchOperation,
  type Database,
  type DatabaseOptions,
  type DatabaseStatistics,
  type Durability,
  dump,
  type Keyspace,
  type KeyspaceInfo,
  type KeyspaceStatistics,
  open,
  type RangeOptions,
  type SalvagedKeyspace,
  type SalvageLoss,
  type SalvageOptions,
  type SalvageReport,
  StorageError,
  salvage,
  type VerifyReport,
  verify,
} from '@varve/engine';
