// Which database a directory is of, where no whole manifest in force says so, and which of its files are of another one.
//
// Every table with a whole footer, and every log and manifest with a whole header, names its database. Files of another one
// get into a directory by a restore or a copy that went wrong; their entries must not pass for those of this one. Of several
// identities, that counts which
//
//   1. a manifest and a table or log name: a lone manifest, or lone logs, are what such copies leave
//   2. then, the most files name
//   3. then, the first one names: tables, then logs, then manifests, by number
//
// A file that names none, since its footer or header is damaged, is left to prove itself by its blocks or records.

import { equalBytes } from '@varve/base';
import { readTableFooter } from '@varve/sstable';
import { type RandomAccessFile, usingFileSync } from '@varve/vfs';
import { type DatabaseDirectory, numberedFileName } from '../directory/index.js';
import {
  DATABASE_ID_SIZE_BYTES,
  decodeLogFileHeader,
  LOG_FILE_HEADER_SIZE_BYTES,
  LogKind,
} from '../log/index.js';
import { isDamage, isDeviceFailure } from './read-failures.js';

/** Which files of ours the directory has. */
export interface FoundFiles {
  readonly tables: ReadonlySet<number>;
  readonly logs: ReadonlySet<number>;
  readonly manifests: readonly number[];
}

/** A file that names its database. */
export interface IdentifiedFile {
  readonly kind: 'table' | 'log' | 'manifest';
  readonly fileNumber: number;
}

/** The reason of the loss of such a file. */
export const FOREIGN_FILE_REASON = 'it belongs to another database';

/** The database that a file names; `null` when what says it is damaged. */
export function databaseIdIn(
  directory: DatabaseDirectory,
  named: IdentifiedFile,
): Uint8Array | null {
  try {
    const path = directory.pathOf(numberedFileName(named));
    const file = directory.fileSystem.openSync(path, 'read');
    return usingFileSync(file, () => readDatabaseId(file, named));
  } catch (error) {
    if (!isDamage(error)) throw error;
    return null;
  }
}

/** Whether the file names a database, and that is not `databaseId`. `null`: any is right. */
export function isForeign(
  directory: DatabaseDirectory,
  named: IdentifiedFile,
  databaseId: Uint8Array | null,
): boolean {
  if (databaseId === null) return false;
  const found = databaseIdIn(directory, named);
  return found !== null && !isSameId(found, databaseId);
}

/** The database that the files agree on: see the head of this file. `null` when none names any. */
export function agreedDatabaseId(
  directory: DatabaseDirectory,
  files: FoundFiles,
): Uint8Array | null {
  const votes = new Map<string, Votes>();
  for (const named of inVotingOrder(files)) addVote(votes, directory, named);
  const all = [...votes.values()];
  const confirmed = all.filter(({ manifestCount, otherCount }) => manifestCount * otherCount > 0);
  const candidates = confirmed.length > 0 ? confirmed : all;
  if (candidates.length === 0) return null;
  return candidates.reduce((best, one) => (countOf(one) > countOf(best) ? one : best)).databaseId;
}

export function isSameId(a: Uint8Array, b: Uint8Array): boolean {
  const size = DATABASE_ID_SIZE_BYTES;
  return equalBytes(a, 0, size, b, 0, size);
}

interface Votes {
  readonly databaseId: Uint8Array;
  manifestCount: number;
  otherCount: number;
}

function addVote(
  votes: Map<string, Votes>,
  directory: DatabaseDirectory,
  named: IdentifiedFile,
): void {
  const databaseId = voteOf(directory, named);
  if (databaseId === null) return;
  const key = databaseId.join();
  const counts = votes.get(key) ?? { databaseId, manifestCount: 0, otherCount: 0 };
  votes.set(key, counts);
  counts[named.kind === 'manifest' ? 'manifestCount' : 'otherCount'] += 1;
}

/** A file that the disk does not even open has no vote; it is reported when its turn comes. */
function voteOf(directory: DatabaseDirectory, named: IdentifiedFile): Uint8Array | null {
  try {
    return databaseIdIn(directory, named);
  } catch (error) {
    if (!isDeviceFailure(error)) throw error;
    return null;
  }
}

function countOf({ manifestCount, otherCount }: Votes): number {
  return manifestCount + otherCount;
}

function inVotingOrder({ tables, logs, manifests }: FoundFiles): IdentifiedFile[] {
  const ascending = (fileNumbers: Iterable<number>) => [...fileNumbers].sort((a, b) => a - b);
  return [
    ...ascending(tables).map((fileNumber) => ({ kind: 'table', fileNumber }) as const),
    ...ascending(logs).map((fileNumber) => ({ kind: 'log', fileNumber }) as const),
    ...ascending(manifests).map((fileNumber) => ({ kind: 'manifest', fileNumber }) as const),
  ];
}

function readDatabaseId(file: RandomAccessFile, { kind, fileNumber }: IdentifiedFile): Uint8Array {
  if (kind === 'table') return readTableFooter(file).databaseId;
  const bytes = new Uint8Array(LOG_FILE_HEADER_SIZE_BYTES);
  const length = file.readSync(bytes, 0, bytes.length, 0);
  const logKind = kind === 'log' ? LogKind.wal : LogKind.manifest;
  const expected = { kind: logKind, logId: fileNumber, databaseId: null };
  return decodeLogFileHeader(bytes.subarray(0, length), file.path, expected).identity.databaseId;
}
