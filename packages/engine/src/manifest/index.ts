// What the database consists of: tables, levels, keyspaces and logs, version by version, and the log of
// edits that records it.

export { describeManifest } from './describe-manifest.js';
export {
  assertLevelNumber,
  BOTTOM_LEVEL,
  DEFAULT_KEYSPACE_ID,
  type KeyspaceMetadata,
  type KeyspaceTree,
  LEVEL_COUNT,
  type TableCompression,
} from './keyspace.js';
export { Level, type LevelChange, overlapDepth, type Refuse } from './level.js';
export { CHAIN_SIZE_BYTES } from './manifest-format.js';
export { type ManifestContent, readManifestSync } from './manifest-reader.js';
export type { TableMetadata } from './table-metadata.js';
export { Version } from './version.js';
export type { TableAddition, TableRemoval, VersionEdit } from './version-edit.js';
export { decodeEdit } from './version-edit-codec.js';
export {
  type DatabaseIdentity,
  type LiveFiles,
  VersionSet,
  type VersionSetOptions,
} from './version-set.js';
