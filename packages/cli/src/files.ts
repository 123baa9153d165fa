// The files a command reads outside the store: input of `import`, files to dump. Those it writes: output-file.ts
// and terminal/standard-output.ts. Nothing else in this package imports node:fs.
//
// Unlike the engine's file system, this follows symbolic links and reads pipes and devices: `<(zcat log.gz)`
// and /dev/stdin are ordinary inputs.

import { once } from 'node:events';
import {
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  type ReadStream,
  readdirSync,
  readSync,
  rmSync,
  statSync,
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
  /** Closes it, read or not. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens a file, or standard input for `-`. Throws NotSoError when it cannot be read. */
export async function openInput(path: string, terminal: Terminal): Promise<InputSource> {
  if (path === STANDARD_STREAM) {
    return countingSource({ name: 'standard input', chunks: terminal.input });
  }
  const status = statOrThrow(path);
  if (status.isDirectory()) {
    throw new UsageError(`Cannot read ${path}: it is a directory; name a file in it`);
  }
  const sizeBytes = status.isFile() ? status.size : undefined;
  const stream = await openStream(path);
  const chunks = terminal.interruptible(stream);
  return countingSource({ name: basename(path), sizeBytes, chunks, stream });
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

/** Waits until it is open, without keeping the process from its signals: a named pipe opens when a writer comes. */
async function openStream(path: string): Promise<ReadStream> {
  const stream = createReadStream(path);
  try {
    await once(stream, 'open');
  } catch (error) {
    throw inputFailure(path, error as NodeJS.ErrnoException);
  }
  return stream;
}

interface SourceParts {
  readonly name: string;
  readonly sizeBytes?: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** What to close; standard input is the process's own. */
  readonly stream?: ReadStream;
}

function countingSource(parts: SourceParts): InputSource {
  const { chunks, name, sizeBytes, stream } = parts;
  const source = {
    name,
    sizeBytes,
    bytesRead: 0,
    chunks: count(),
    [Symbol.asyncDispose]: () => closeStream(stream),
  };
  async function* count() {
    for await (const chunk of chunks) {
      source.bytesRead += chunk.length;
      yield chunk;
    }
  }
  return source;
}

async function closeStream(stream: ReadStream | undefined): Promise<void> {
  if (stream !== undefined) {
    stream.destroy();
    await untilClosed(stream);
  }
}

function inputFailure(path: string, error: NodeJS.ErrnoException): NotSoError {
  return new NotSoError(`Cannot read ${path}: ${reasonOf(error)}`, { cause: error });
}

/** Resolves when a stream that was destroyed has given its file back, whatever went wrong with it. */
export async function untilClosed(
  stream: NodeJS.EventEmitter & { readonly closed: boolean },
): Promise<void> {
  if (!stream.closed) {
    await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  }
}

/** Why a call of the file system failed, as the end of a message. */
export function reasonOf(error: NodeJS.ErrnoException): string {
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
