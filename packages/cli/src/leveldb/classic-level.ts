// classic-level, where the user has installed it: the part of it that an import needs, found at run time.
//
// It is native code, so nothing here may depend on it. It is looked for from the working directory, in which the program
// that wrote the data usually lives, also as a dependency of `level`, and then beside this package.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { NotSoError } from '../failures.js';

/** Entries as they are stored. */
export type ByteEntry = [key: Uint8Array, value: Uint8Array];

/** What is used of an open LevelDB. */
export interface ClassicLevel {
  open(): Promise<void>;
  close(): Promise<void>;
  iterator(options: ReadOptions): ClassicIterator;
  /** Bytes that a range of keys takes in tables, roughly. */
  approximateSize(start: Uint8Array, end: Uint8Array): Promise<number>;
}

/** What is used of an iterator. */
export interface ClassicIterator {
  nextv(count: number): Promise<ByteEntry[]>;
  close(): Promise<void>;
}

interface ReadOptions {
  readonly keys?: boolean;
  readonly values?: boolean;
  readonly reverse?: boolean;
  readonly limit?: number;
  /** Whether what is read stays in the cache of blocks. */
  readonly fillCache?: boolean;
  readonly highWaterMarkBytes?: number;
}

interface Library {
  readonly ClassicLevel: new (
    location: string,
    options: { createIfMissing: boolean; keyEncoding: 'buffer'; valueEncoding: 'buffer' },
  ) => ClassicLevel;
}

const NAME = 'classic-level';

/** Makes a database of classic-level that is not open yet. Throws NotSoError where classic-level is not installed. */
export function createClassicLevel(location: string, workingDirectory: string): ClassicLevel {
  const { ClassicLevel } = load(workingDirectory);
  const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
  return new ClassicLevel(location, { createIfMissing: false, ...encodings });
}

function load(workingDirectory: string): Library {
  const there = createRequire(join(workingDirectory, 'package.json'));
  const attempts = [
    () => there(NAME),
    () => createRequire(there.resolve('level'))(NAME),
    () => createRequire(import.meta.url)(NAME),
  ];
  for (const attempt of attempts) {
    try {
      return attempt() as Library;
    } catch (error) {
      if (!isNotFound(error)) {
        throw brokenLibrary(error as Error);
      }
    }
  }
  throw new NotSoError('Cannot read LevelDB: the package classic-level is not installed', {
    advice: `Run \`npm install ${NAME}\` in ${workingDirectory}, or start varve in the directory of the program that uses it.`,
  });
}

function isNotFound(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
}

/** It is there, but its native part is missing or was made for another platform. */
function brokenLibrary(cause: Error): NotSoError {
  const [firstLine] = cause.message.split('\n');
  return new NotSoError(`Cannot load the package ${NAME}: ${firstLine}`, {
    advice: `Run \`npm rebuild ${NAME}\`, or install it again on this machine.`,
    cause,
  });
}
