// Gets a log file ready to be written: header on disk, name on disk, space allocated.
//
// A job of plain data, so that it can run on another thread ahead of need; the writer then only opens the file.
//
// Whatever carries the name of a log has that log's header, at every moment and after every crash, because the header is
// on disk before the name is given:
//
//   new file        create under a temporary name -> header, zeros -> fdatasync -> rename -> sync directory
//   recycled file   header over the old one, under the old name -> zeros -> fdatasync -> rename -> sync directory
//
// So a recycled file's old header never appears under the new name, and the reader needs no rule for it. Records of the
// old log remain behind the header; they are invalid, since the log id seeds every checksum.

import { assert, StorageError } from '@varve/base';
import { type FileSystem, quietly, type RandomAccessFile, usingFileSync } from '@varve/vfs';
import { syncNamesSync, temporaryFileName } from '../directory/index.js';
import {
  DATABASE_ID_SIZE_BYTES,
  encodeLogFileHeader,
  fillWithZerosSync,
  LOG_FILE_HEADER_SIZE_BYTES,
  LOG_SIZE_BYTES_MAX,
  type LogFileOrigin,
  LogKind,
} from '../log/index.js';

/** What to prepare. Plain data, for `structuredClone`. */
export interface PrepareLogJob {
  readonly directory: string;
  /** Name the log shall have. Requires: no file has it. */
  readonly fileName: string;
  /**
   * An old log to be overwritten, or null to create a file. If it does not exist (any more) a file is created, so that a
   * job whose thread died may run again. Requires: a durable manifest no longer counts it live, and no job that failed
   * has had it, since a sync of it may be what failed.
   */
  readonly recycledFileName: string | null;
  /** Never used before in this database: records of a log with the same id would be taken for its own. */
  readonly logId: number;
  /** 16 bytes. */
  readonly databaseId: Uint8Array;
  /** Size to which the file is filled with zeros; 0 for none. Costs that much writing, once per file. */
  readonly preallocateBytes: number;
}

/**
 * Prepares a log as the job says. When it returns, the file is complete, durable and closed. Costs two syncs.
 * Requires: checksums are initialized.
 *
 * @throws StorageError ALREADY_EXISTS if a file has the name; DURABILITY_UNKNOWN when the sync of the directory fails:
 * nothing may be made durable in it any more; otherwise those of the file system. Then the unfinished
 * file, also a recycled one, is removed if possible: it may be damaged, and it occupies space.
 */
export function prepareLog(fileSystem: FileSystem, job: PrepareLogJob): void {
  assertJob(job);
  const target = `${job.directory}/${job.fileName}`;
  if (fileSystem.existsSync(target)) {
    const message = `Cannot prepare log ${target}: a file of this name exists`;
    throw new StorageError('ALREADY_EXISTS', message, { file: target });
  }
  const source = findSource(fileSystem, job);
  assert(source.path !== target, 'a log has another name until it is ready');
  try {
    writeLogFileSync(fileSystem, source, job);
    fileSystem.renameSync(source.path, target);
    syncNamesSync(fileSystem, job.directory);
  } catch (error) {
    removeUnfinishedSync(fileSystem, [source.path, target]);
    throw error;
  }
}

/** Before anything is touched: what a job asks for can be written. */
function assertJob(job: PrepareLogJob): void {
  assert(Number.isSafeInteger(job.logId), 'the id of a log to prepare is a safe integer');
  assert(job.logId > 0, 'the id of a log to prepare is positive');
  assert(job.databaseId.length === DATABASE_ID_SIZE_BYTES, 'a log to prepare is of one database');
  assert(job.preallocateBytes >= 0, 'no negative size is allocated');
  assert(job.preallocateBytes <= LOG_SIZE_BYTES_MAX, 'no more is allocated than a log can use');
  assert(job.fileName !== job.recycledFileName, 'a log is not written over itself');
}

/** The file that is prepared, under the name it has until it is ready. */
interface Source {
  readonly path: string;
  readonly origin: LogFileOrigin;
}

function findSource(fileSystem: FileSystem, job: PrepareLogJob): Source {
  const recycled = `${job.directory}/${job.recycledFileName}`;
  return job.recycledFileName !== null && isRecyclable(fileSystem, recycled)
    ? { path: recycled, origin: 'recycled' }
    : { path: `${job.directory}/${temporaryFileName(job.logId)}`, origin: 'new' };
}

/** One that has another name is in somebody's backup, where it must stay what it is: only our name is removed. */
function isRecyclable(fileSystem: FileSystem, path: string): boolean {
  assert(path.endsWith('.log'), 'only a log is written over');
  if (!fileSystem.existsSync(path)) return false;
  const { linkCount } = fileSystem.statSync(path);
  assert(Number.isSafeInteger(linkCount), 'names of a file are counted');
  // Some file systems count no names at all, and say 0.
  if (linkCount <= 1) return true;
  fileSystem.removeSync(path);
  return false;
}

function writeLogFileSync(fileSystem: FileSystem, source: Source, job: PrepareLogJob): void {
  usingFileSync(openSourceSync(fileSystem, source), (file) => {
    const identity = { kind: LogKind.wal, logId: job.logId, databaseId: job.databaseId };
    const header = encodeLogFileHeader(identity, source.origin);
    assert(header.length === LOG_FILE_HEADER_SIZE_BYTES, 'records follow a header of fixed length');
    file.writeSync(header, 0, header.length, 0);
    fillWithZerosSync(file, file.sizeSync(), job.preallocateBytes);
    assert(file.path === source.path, 'what is written is what will be renamed');
    file.syncDataSync();
  });
}

/** A temporary file of an attempt that a crash cut short is worth nothing. */
function openSourceSync(fileSystem: FileSystem, { path, origin }: Source): RandomAccessFile {
  if (origin === 'recycled') return fileSystem.openSync(path, 'write');
  if (fileSystem.existsSync(path)) fileSystem.removeSync(path);
  return fileSystem.openSync(path, 'create');
}

/** Leaves what cannot be removed to the next opening of the database: the first failure is the one to report. */
function removeUnfinishedSync(fileSystem: FileSystem, paths: readonly string[]): void {
  assert(paths.length === 2, 'a log has a name before it is ready and another one after');
  for (const path of paths) {
    quietly(() => {
      if (fileSystem.existsSync(path)) fileSystem.removeSync(path);
    });
  }
}
