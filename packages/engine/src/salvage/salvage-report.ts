// What a salvage tells: where everything came from, and what did not come along.

/** A range of a file whose content is lost. */
export interface SalvageLoss {
  /** Name of the file inside the directory. */
  readonly file: string;
  /** First byte that is lost. */
  readonly offset: number;
  /** Bytes from there on; 0 for a file that does not exist. */
  readonly sizeBytes: number;
  /** Name of the keyspace, where one is known to be hit. */
  readonly keyspace?: string;
  /** No lost key is before this one. Absent: not known. */
  readonly firstKey?: Uint8Array;
  /** No lost key is after this one. Absent: not known. */
  readonly lastKey?: Uint8Array;
  /** How many entries are lost, older versions and tombstones included. Absent: not known. */
  readonly entryCount?: number;
  /** What is wrong there. */
  readonly reason: string;
}

/** What became of one keyspace. */
export interface SalvagedKeyspace {
  readonly name: string;
  readonly entryCount: number;
  readonly tableCount: number;
  readonly sizeBytes: number;
  /**
   * `'manifest'`, `'table'`: name and encodings are what they were, as a manifest or a table says. `'made up'`: nothing says
   * what they were; keys and values are given as bytes. `'apart'`: as before, and holds one table of which not even the
   * keyspace is known.
   */
  readonly origin: 'manifest' | 'table' | 'made up' | 'apart';
}

/**
 * What is known of how the files fit together. `'whole'`: everything, and only what was part of the database was taken.
 * `'incomplete'`: parts. `'lost'`: nothing. Without a whole manifest, files that were already replaced count too, so that
 * entries deleted or overwritten shortly before can come back.
 */
export type ManifestState = 'whole' | 'incomplete' | 'lost';

/** What a salvage found, wrote and could not save. */
export interface SalvageReport {
  readonly manifest: ManifestState;
  /** Entries read from undamaged places, older versions and tombstones included; not those lost before they were copied. */
  readonly readEntryCount: number;
  /** Entries written: the newest version of every key that is not deleted. */
  readonly entryCount: number;
  readonly tableCount: number;
  readonly sizeBytes: number;
  readonly keyspaces: readonly SalvagedKeyspace[];
  /**
   * Everything lost: what is damaged or missing, files of another database, and what the disk does not give, be it only
   * when that is to be copied. A key in a lost range may be missing, have an older value, or be there although it was
   * deleted.
   */
  readonly losses: readonly SalvageLoss[];
  /** Damage that cost no entry, such as that of a filter or an index, and where in tables the disk failed, in words. */
  readonly notes: readonly string[];
  /** Bytes at the ends of logs that were never synced: normal after a crash, and not part of `losses`. */
  readonly discardedBytes: number;
}

/** How far a salvage is. */
export interface SalvageProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Entries read and entries written so far, together. */
  readonly entryCount: number;
}

/** Collects the parts of a report while files are looked at. */
export class SalvageFindings {
  readonly losses: SalvageLoss[] = [];
  readonly notes: string[] = [];
  discardedBytes = 0;
  readEntryCount = 0;
}
