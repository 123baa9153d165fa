// Reads a manifest: replays its edits from nothing to the version they lead to.
//
//   1. Read the file and judge its end, as for any log: a torn tail is given up, damage before what was
//      synced is refused.
//   2. Check the chain of the edits, and apply them one after the other.
//   3. Check the resulting version as a whole.
//
// A manifest whose first edit is not whole is damaged, never empty: CURRENT names a manifest only after
// its first edit is on disk.

import { assert, checksum64, type DecodeContext, readU64, StorageError } from '@varve/base';
import { usingFileSync } from '@varve/vfs';
import { type DatabaseDirectory, isFileNumber, manifestFileName } from '../directory/index.js';
import {
  DATABASE_ID_SIZE_BYTES,
  LOG_FILE_HEADER_SIZE_BYTES,
  LogKind,
  LogReader,
  RecordType,
} from '../log/index.js';
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
  assert(isFileNumber(fileNumber), 'a manifest has a number from 1 on');
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
    assert(fields.start <= fields.end, 'the fields of an edit stand behind its chain');
    const next = version.apply(decodeEdit(fields, context), refuse);
    assertFollows(next, version);
    version = next;
    editCount += 1;
  }
  assert(log.payloadEnd === log.endOffset, 'every edit up to the end of the manifest is applied');
  const refuse = refuseAt(log.path, log.endOffset);
  if (editCount === 0) refuse('its first edit is not whole');
  assert(editCount > 0, 'a refusal does not return');
  version.checkInvariants(refuse);
  const { databaseId } = log.header.identity;
  assert(databaseId.length === DATABASE_ID_SIZE_BYTES, 'a database id is 16 bytes');
  assert(log.discardedBytes >= 0, 'nothing in front of the end of the manifest is given up');
  return { databaseId, version, editCount, discardedBytes: log.discardedBytes };
}

function openLogSync(directory: DatabaseDirectory, fileNumber: number): LogReader {
  const path = directory.pathOf(manifestFileName(fileNumber));
  if (!directory.fileSystem.existsSync(path)) {
    throw damaged(path, `Cannot open ${path}: CURRENT names it, and it does not exist`);
  }
  const file = directory.fileSystem.openSync(path, 'read');
  const expected = { kind: LogKind.manifest, logId: fileNumber, databaseId: null };
  const log = usingFileSync(file, () => LogReader.readSync(file, expected));
  assert(log.header.identity.logId === fileNumber, 'the manifest that was asked for is read');
  assert(log.payloadEnd === LOG_FILE_HEADER_SIZE_BYTES, 'reading starts at the first record');
  return log;
}

/** An edit that would make it false is refused when it is applied. */
function assertFollows(next: Version, before: Version): void {
  assert(next.nextFileNumber >= before.nextFileNumber, 'file numbers are never used again');
  assert(next.nextKeyspaceId >= before.nextKeyspaceId, 'keyspace ids are never used again');
  assert(next.lastSequence >= before.lastSequence, 'sequence numbers only grow');
  assert(next.minimumLogNumber >= before.minimumLogNumber, 'no log is needed again');
}

function continuesChain(log: LogReader, chain: bigint): boolean {
  assert(log.type === RecordType.edit, 'only edits are chained');
  assert(log.payloadStart <= log.payloadEnd, 'a payload ends at or after its start');
  assert(BigInt.asUintN(64, chain) === chain, 'a chain is an unsigned number of 64 bits');
  return (
    log.payloadEnd - log.payloadStart >= CHAIN_SIZE_BYTES &&
    readU64(log.bytes, log.payloadStart) === chain
  );
}

function refuseAt(path: string, offset: number): Refuse {
  assert(offset >= LOG_FILE_HEADER_SIZE_BYTES, 'edits stand behind the header of a manifest');
  return (reason) => {
    throw damaged(path, `Cannot read edit at offset ${offset} of ${path}: ${reason}`, offset);
  };
}

function damaged(path: string, message: string, offset?: number): StorageError {
  assert(message.includes(path), 'a message names the file that is damaged');
  return new StorageError('CORRUPTION', message, {
    file: path,
    where: 'manifest',
    ...(offset === undefined ? {} : { offset }),
  });
}
