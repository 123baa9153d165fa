/** The salvage of a damaged database, as users call it. */
import { entropy, initializeChecksums, systemClock } from '@varve/base';
import { type FileSystem, NodeFileSystem } from '@varve/vfs';
import type { EncodingName } from './encoding/index.js';
import { type SalvageProgress, type SalvageReport, salvageDirectory } from './salvage/index.js';

/** Options of `salvage`. */
export interface SalvageOptions {
  /** @defaultValue the file system of Node.js */
  readonly fileSystem?: FileSystem;
  /** Called after every table, and every few thousand entries written. */
  readonly onProgress?: (progress: SalvageProgress) => void;
  /**
   * Where entries of a table go when neither a manifest nor the table itself tells its keyspace: `'apart'`, each table in a keyspace of its own
   * (`table-13`), or `'default'`, all in the default keyspace, which is right if the database had no other.
   * @defaultValue 'apart'
   */
  readonly unassigned?: 'apart' | 'default';
  /** Encoding of keys of keyspaces of which neither manifest nor table tells it. @defaultValue 'binary' */
  readonly keyEncoding?: EncodingName;
  /** Encoding of values of keyspaces of which neither manifest nor table tells it. @defaultValue 'binary' */
  readonly valueEncoding?: EncodingName;
}

/**
 * Reads a damaged database that nobody has open, and writes everything that is provably intact in it to a new one in the
 * directory `target`: of every key the newest version there is. Changes no byte of the damaged one. Reads everything
 * twice; about 2 µs per entry, and memory for the logs and for one damaged table at a time.
 *
 * A lost range can have held newer versions and deletions of keys that are elsewhere too: those come back as they were
 * before.
 *
 * Files of another database are left out and reported as losses; without a manifest, the database is the one that most files
 * name. What a failing disk does not give is lost page by page, and reported.
 *
 * @throws StorageError NOT_FOUND; ALREADY_EXISTS when something is in the target; INVALID_ARGUMENT when the target lies in
 * the damaged database or has `..` behind a directory that does not exist, or there is no damaged one; NO_SPACE,
 * TOO_MANY_FILES; IO when the system does not permit reading, or writing fails
 */
export async function salvage(
  path: string,
  target: string,
  options: SalvageOptions = {},
): Promise<SalvageReport> {
  await initializeChecksums();
  const { onProgress, fileSystem = new NodeFileSystem(), unassigned = 'apart' } = options;
  const { keyEncoding = 'binary', valueEncoding = 'binary' } = options;
  return salvageDirectory(path, target, {
    fileSystem,
    random: entropy,
    unassigned,
    lostEncodings: { keyEncoding, valueEncoding },
    yieldTurn: () => new Promise((resolve) => systemClock.soon(resolve)),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}
