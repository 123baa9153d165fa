// Reads a manifest: replays its edits from nothing to the version they lead to.
//
//   1. Read the file and judge its end, as for any log: a torn tail is given up, damage before what was
//      synced is refused.
//   2. Check the chain of the edits, and apply them one after the other.
//   3. Check the resulting version as a whole.
//
// A manifest whose first edit is not whole is damaged, never empty: CURRENT names a manifest only after
// its first edit is on disk.

import { checksum64, type DecodeContext, readU64, StorageError } from '@varve/base';
import { usingFileSync } from '@varve/vfs';
import { type DatabaseDirectory, manifestFileName } from '../directory/index.js';
import { LogKind, LogReader, RecordType } from '../log/index.js';
import type { Refuse } from './level.js';
import { CHAIN_SIZE_BYTES, INITIAL_CHAIN } from './manifest-format.js';
import { Version } from './version.js';
import { decodeEdit } from './version-edit-codec.js';

/** What a manifest says. */
export interface ManifestContent {
  /** 16 bytes. */
  readonly databaseId: Uint8Array;
  readonly version: Version;
  /** Edits replayed, at least 1. */
  readonly editCount: number;
  /** Bytes at the end that a crash left of edits which were never durable. */
  readonly discardedBytes: number;
}

/**
 * Reads the manifest `fileNumber`. Costs memory for the file, and time for a copy of the changed level
 * arrays for each edit.
 *
 * @throws StorageError CORRUPTION `manifest` when it is missing, damaged or makes no sense,
 * UNSUPPORTED_FORMAT when it was written by a newer release.
 */
export function readManifestSync(
  directory: DatabaseDirectory,
  fileNumber: number,
): ManifestContent {
  const log = openLogSync(directory, fileNumber);
  let version = Version.blank();
  let editCount = 0;
  let chain = INITIAL_CHAIN;
  while (log.next()) {
    if (log.type === RecordType.marker || log.type === RecordType.end) continue;
    const context: DecodeContext = { file: log.path, where: 'manifest' };
    const refuse = refuseAt(log.path, log.recordOffset);
    if (log.type !== RecordType.edit) refuse(`it is a record of type ${log.type}`);
    if (!continuesChain(log, chain)) refuse('it does not follow from the edit before it');
    chain = checksum64(log.bytes, log.payloadStart, log.payloadEnd, 0n);
    const fields = {
      bytes: log.bytes,
      start: log.payloadStart + CHAIN_SIZE_BYTES,
      end: log.payloadEnd,
    };
    version = version.apply(decodeEdit(fields, context), refuse);
    editCount += 1;
  }
  const refuse = refuseAt(log.path, log.endOffset);
  if (editCount === 0) refuse('its first edit is not whole');
  version.checkInvariants(refuse);
  const { databaseId } = log.header.identity;
  return { databaseId, version, editCount, discardedBytes: log.discardedBytes };
}

function openLogSync(directory: DatabaseDirectory, fileNumber: number): LogReader {
  const path = directory.pathOf(manifestFileName(fileNumber));
  if (!directory.fileSystem.existsSync(path)) {
    throw damaged(path, `Cannot open ${path}: CURRENT names it, and it does not exist`);
  }
  const file = directory.fileSystem.openSync(path, 'read');
  const expected = { kind: LogKind.manifest, logId: fileNumber, databaseId: null };
  return usingFileSync(file, () => LogReader.readSync(file, expected));
}

function continuesChain(log: LogReader, chain: bigint): boolean {
  return (
    log.payloadEnd - log.payloadStart >= CHAIN_SIZE_BYTES &&
    readU64(log.bytes, log.payloadStart) === chain
  );
}

function refuseAt(path: string, offset: number): Refuse {
  return (reason) => {
    throw damaged(path, `Cannot read edit at offset ${offset} of ${path}: ${reason}`, offset);
  };
}

function damaged(path: string, message: string, offset?: number): StorageError {
  return new StorageError('CORRUPTION', message, {
    file: path,
    where: 'manifest',
    ...(offset === undefined ? {} : { offset }),
  });
}
