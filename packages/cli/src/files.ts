// The files a command reads and writes outside the store: input of `import`, output of `export`, files to dump.
// The only importer of node:fs in this package.
//
// Unlike the engine's file system, this follows symbolic links and reads pipes and devices: `<(zcat log.gz)`
// and /dev/stdin are ordinary inputs.

import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  type WriteStream,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { NotSoError, UsageError } from './failures.js';
import type { Terminal } from './terminal/terminal.js';

/** The word that means standard input or standard output. */
export const STANDARD_STREAM = '-';

/** Something to read from beginning to end, once. */
export interface InputSource {
  /** What to call it in messages: the file's name, or `standard input`. */
  readonly name: string;
  /** Undefined for pipes. */
  readonly sizeBytes: number | undefined;
  /** Read so far: what progress shows. */
  readonly bytesRead: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Opens a file, or standard input for `-`. Throws NotSoError when it cannot be read. */
export function openInput(path: string, terminal: Terminal): InputSource {
  if (path === STANDARD_STREAM) {
    return countingSource('standard input', undefined, terminal.input);
  }
  const status = statOrThrow(path);
  if (status.isDirectory()) {
    throw new UsageError(`Cannot read ${path}: it is a directory; name a file in it`);
  }
  const sizeBytes = status.isFile() ? status.size : undefined;
  const chunks = terminal.interruptible(createReadStream(path));
  return countingSource(basename(path), sizeBytes, chunks);
}

/** Creates a file to write to. Throws NotSoError when it exists, unless `existing` is `'replace'`. */
export async function createOutputFile(
  path: string,
  options: { existing: 'refuse' | 'replace' },
): Promise<WriteStream> {
  const stream = createWriteStream(path, { flags: options.existing === 'replace' ? 'w' : 'wx' });
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', (error: NodeJS.ErrnoException) => reject(outputFailure(path, error)));
  });
  return stream;
}

/** Ends a file of `createOutputFile` and resolves when the operating system has all of it. */
export async function closeOutputFile(stream: WriteStream): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.end(() => resolve());
  });
}

/** Removes a file that could not be completed. */
export function removeIncompleteFile(path: string): void {
  rmSync(path, { force: true });
}

/** Whether a directory, a file or nothing is at the path. */
export function kindOfPath(path: string): 'directory' | 'file' | 'nothing' {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) {
    return 'nothing';
  }
  return status.isDirectory() ? 'directory' : 'file';
}

/** The first bytes of a file, as Latin-1 text; undefined when there is no such file. */
export function readBeginning(path: string, sizeBytes: number): string | undefined {
  if (kindOfPath(path) !== 'file') {
    return undefined;
  }
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(sizeBytes);
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, sizeBytes, 0));
  } finally {
    closeSync(file);
  }
}

/** Space that the files of a directory take, in bytes. */
export function directorySizeBytes(path: string): number {
  const sizes = readdirSync(path).map((name) =>
    statSync(join(path, name), { throwIfNoEntry: false }),
  );
  return sizes.reduce((sum, status) => sum + (status?.isFile() ? status.size : 0), 0);
}

/** A new empty directory among the temporary files of the machine; its name begins with `prefix`. */
export function createTemporaryDirectory(prefix: string): string {
  return mkdtempSync(join(tmpdir(), prefix));
}

/** Removes a directory of `createTemporaryDirectory` with everything in it. */
export function removeTemporaryDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function statOrThrow(path: string) {
  try {
    return statSync(path);
  } catch (error) {
    throw inputFailure(path, error as NodeJS.ErrnoException);
  }
}

function countingSource(
  name: string,
  sizeBytes: number | undefined,
  stream: AsyncIterable<Uint8Array>,
): InputSource {
  const source = { name, sizeBytes, bytesRead: 0, chunks: count(stream) };
  async function* count(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      source.bytesRead += chunk.length;
      yield chunk;
    }
  }
  return source;
}

function inputFailure(path: string, error: NodeJS.ErrnoException): NotSoError {
  return new NotSoError(`Cannot read ${path}: ${reasonOf(error)}`, { cause: error });
}

function outputFailure(path: string, error: NodeJS.ErrnoException): NotSoError {
  const advice = error.code === 'EEXIST' ? 'Add --force to replace it.' : undefined;
  const options = advice === undefined ? { cause: error } : { cause: error, advice };
  return new NotSoError(`Cannot write ${path}: ${reasonOf(error)}`, options);
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'there is no such file or directory';
    case 'EEXIST':
      return 'it exists already';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return error.message;
  }
}
