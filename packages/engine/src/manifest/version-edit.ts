// A version edit: one atomic change of what the database consists of. The manifest is a log of them.
//
// Encoding and field numbers are in version-edit-codec.ts.

import type { KeyspaceMetadata } from './keyspace.js';
import type { TableMetadata } from './table-metadata.js';

/** Which table of which level an edit adds. */
export interface TableAddition {
  readonly keyspaceId: number;
  readonly level: number;
  readonly table: TableMetadata;
}

/** Which table of which level an edit removes. */
export interface TableRemoval {
  readonly keyspaceId: number;
  readonly level: number;
  readonly fileNumber: number;
}

/**
 * What changes; everything left out stays as it is. Within one edit keyspaces are added first, then
 * tables removed, then tables added, then keyspaces dropped; a table that moves to another level is
 * removed and added.
 */
export interface VersionEdit {
  /** No file has this number or a higher one. Filled in by `VersionSet`. */
  readonly nextFileNumber?: number;
  /** No keyspace ever had this id or a higher one. Needed only where dropped keyspaces are forgotten. */
  readonly nextKeyspaceId?: number;
  /** A sequence number that has been used; the highest known one counts. */
  readonly lastSequence?: number;
  /** Logs below this number hold nothing that is not in tables. Never decreases. */
  readonly minimumLogNumber?: number;
  /** Logs that must exist as long as they are not below `minimumLogNumber`. */
  readonly logsAdded?: readonly number[];
  readonly keyspacesAdded?: readonly KeyspaceMetadata[];
  /** Ids. Their tables go with them. */
  readonly keyspacesDropped?: readonly number[];
  readonly tablesAdded?: readonly TableAddition[];
  readonly tablesRemoved?: readonly TableRemoval[];
}
