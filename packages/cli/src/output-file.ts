// A file to write an answer to: the whole answer or nothing arrives there.
//
//   nothing at the path         the file is created, and removed again when the answer cannot be completed
//   a file, to be replaced      a file beside it is written and takes its place when everything is on the disk; until then,
//                               and when the answer cannot be completed, the old one stays as it is
//   a pipe or device            written in place and never removed: there is nothing to keep and nothing to rename
//
// Symbolic links are followed: the file they lead to is replaced and they stay.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  constants,
  createWriteStream,
  lstatSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  type WriteStream,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { NotSoError } from './failures.js';
import { reasonOf, untilClosed } from './files.js';

const NEW_FILE_MODE = 0o666;
const MODE_BITS = 0o777;

/** What to do about a file that is there already. */
export type ExistingFile = 'refuse' | 'replace';

/** A file of `createOutputFile`. Requires: its user ends it with `complete` or `abandon`. */
export class OutputFile {
  readonly stream: WriteStream;
  readonly #place: Place;

  constructor(stream: WriteStream, place: Place) {
    this.stream = stream;
    this.#place = place;
  }

  /** Resolves when the disk has all of it and it is in its place. On failure it is still to be abandoned. */
  async complete(): Promise<void> {
    const { isFile } = this.#place;
    if (isFile && this.stream.errored !== null) {
      throw this.stream.errored;
    }
    await end(this.stream);
    putInPlace(this.#place);
  }

  /** Gives up what was written. What was there before is as it was, except for a pipe or device. */
  async abandon(): Promise<void> {
    // Destroying it fails the write that is under way, which is no news.
    this.stream.on('error', () => {});
    this.stream.destroy();
    // A pipe may never take what is being written to it.
    if (this.#place.isFile) {
      await untilClosed(this.stream);
      rmSync(this.#place.writtenPath, { force: true });
    }
  }
}

/** Creates a file to write to. Throws NotSoError when it exists, unless `existing` is `'replace'`. */
export async function createOutputFile(
  path: string,
  options: { existing: ExistingFile },
): Promise<OutputFile> {
  try {
    const place = options.existing === 'replace' ? placeOfReplacement(path) : newFile(path);
    return new OutputFile(await openStream(place), place);
  } catch (error) {
    throw outputFailure(path, error as NodeJS.ErrnoException);
  }
}

/** Where the bytes go first and last. */
interface Place {
  readonly writtenPath: string;
  readonly finalPath: string;
  /** Whether what is written is a file of ours: one that did not exist before. */
  readonly isFile: boolean;
  /** The permissions of the file that it replaces. */
  readonly mode?: number | undefined;
}

function newFile(path: string): Place {
  return { writtenPath: path, finalPath: path, isFile: true };
}

function placeOfReplacement(path: string): Place {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status !== undefined && !status.isFile()) {
    return { ...newFile(path), isFile: false };
  }
  const finalPath = endOfLinks(path);
  const writtenPath = `${finalPath}.${randomBytes(6).toString('hex')}.tmp`;
  return { writtenPath, finalPath, isFile: true, mode: modeOfReplacement(finalPath, status) };
}

/** A file that may not be written may not be replaced, though the directory would allow it. */
function modeOfReplacement(path: string, status: Stats | undefined): number | undefined {
  if (status === undefined) {
    return undefined;
  }
  accessSync(path, constants.W_OK);
  return status.mode & MODE_BITS;
}

/** Like realpath, and also for a link to a file that does not exist yet. */
function endOfLinks(path: string): string {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) {
    return path;
  }
  if (status.isSymbolicLink()) {
    // What a link says is meant from where the link really is.
    return endOfLinks(resolve(realpathSync(dirname(path)), readlinkSync(path)));
  }
  return realpathSync(path);
}

async function openStream(place: Place): Promise<WriteStream> {
  const { isFile, mode, writtenPath } = place;
  // What replaces a private file is private from the start.
  const access = { flags: isFile ? 'wx' : 'w', mode: mode ?? NEW_FILE_MODE };
  // A file is on the disk before it is closed; a pipe has no disk.
  const stream = createWriteStream(writtenPath, { ...access, flush: isFile });
  await once(stream, 'open');
  return stream;
}

function putInPlace({ finalPath, mode, writtenPath }: Place): void {
  if (writtenPath === finalPath) {
    return;
  }
  // The umask of the process took some of the permissions away.
  if (mode !== undefined && mode !== (statSync(writtenPath).mode & MODE_BITS)) {
    chmodSync(writtenPath, mode);
  }
  renameSync(writtenPath, finalPath);
}

/** Quiet when the stream is destroyed already: the reader of a pipe has left. */
async function end(stream: WriteStream): Promise<void> {
  if (!stream.destroyed) {
    const closed = once(stream, 'close');
    stream.end();
    await closed;
  }
}

function outputFailure(path: string, error: NodeJS.ErrnoException): NotSoError {
  const advice = error.code === 'EEXIST' ? 'Add --force to replace it.' : undefined;
  const options = advice === undefined ? { cause: error } : { cause: error, advice };
  return new NotSoError(`Cannot write ${path}: ${reasonOf(error)}`, options);
}
