/** The public surface of the engine. */

export type { CancelOptions, CancelSignal } from '@varve/base';
export { StorageError, type StorageErrorCode } from '@varve/base';
export {
  type CompactOptions,
  Database,
  type KeyspaceInfo,
  open,
} from './database.js';
export type { DatabaseState, DatabaseStatus } from './database-state.js';
export { type DestroyOptions, destroy } from './destroy.js';
export type { SlowCall } from './disk-watch.js';
export { type DumpOptions, dump } from './dump.js';
export {
  type CustomEncoding,
  type Encoding,
  type EncodingName,
  type EncodingOption,
  encodings,
  type Tuple,
  type TupleElement,
} from './encoding/index.js';
export type { DatabaseEvents, StallReason } from './events.js';
export type { VerifyProgress, VerifyReport } from './inspect/index.js';
export {
  type AnyKeyspace,
  type BatchOperation,
  type EncodingChoice,
  Keyspace,
  type ReadOptions,
  type WriteOptions,
} from './keyspace.js';
export { type KeyspacePlace, LazyKeyspace, type LazyKeyspaceOptions } from './lazy-keyspace.js';
export type { DatabaseOptions, KeyspaceOptions, TuningOptions } from './options.js';
export {
  type BoundsOptions,
  Cursor,
  type CursorOptions,
  type RangeOptions,
  type ReadCountOptions,
  type Scan,
  type ScanReader,
} from './read/index.js';
export { type RepairOptions, type RepairReport, repair } from './repair.js';
export type {
  ManifestState,
  SalvagedKeyspace,
  SalvageLoss,
  SalvageProgress,
  SalvageReport,
} from './salvage/index.js';
export { type SalvageOptions, salvage } from './salvage.js';
export { Snapshot } from './snapshot.js';
export type {
  DatabaseStatistics,
  KeyspaceStatistics,
  LevelStatistics,
  TableStatistics,
} from './statistics.js';
export { type VerifyOptions, verify } from './verify.js';
export type { Durability } from './write/index.js';
