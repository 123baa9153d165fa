// A LevelDB to be copied from: what is in it, in order, as bytes, in runs of entries.
//
// LevelDB itself reads it, through classic-level, and takes its lock, so nobody changes it meanwhile. As at every opening
// LevelDB may put its files in order; their entries stay what they are. Sublevels need nothing of their own: they are
// entries whose keys begin with `!name!`.

import { join } from 'node:path';
import { NotSoError } from '../failures.js';
import { directorySizeBytes, kindOfPath, readBeginning } from '../files.js';
import { type ByteEntry, type ClassicLevel, createClassicLevel } from './classic-level.js';

const RUN_ENTRY_COUNT = 1000;
const RUN_SIZE_BYTES = 1024 * 1024;
const CURRENT_SIZE_BYTES_MAX = 64;
/** The order of the keys is named in the first record of a manifest. */
const MANIFEST_BEGINNING_SIZE_BYTES = 4096;
const BYTEWISE_ORDER = 'leveldb.BytewiseComparator';

export class LevelDbSource {
  readonly directory: string;
  readonly #level: ClassicLevel;

  private constructor(directory: string, level: ClassicLevel) {
    this.directory = directory;
    this.#level = level;
  }

  /**
   * Opens the LevelDB in a directory.
   * @param workingDirectory from where classic-level is looked for
   * @throws NotSoError when there is none, when it cannot be opened, or when classic-level is not installed
   */
  static async open(directory: string, workingDirectory: string): Promise<LevelDbSource> {
    assertLevelDb(directory);
    const level = createClassicLevel(directory, workingDirectory);
    try {
      await level.open();
    } catch (error) {
      throw openingFailure(directory, error);
    }
    return new LevelDbSource(directory, level);
  }

  /** Space that its files take. */
  get sizeBytes(): number {
    return directorySizeBytes(this.directory);
  }

  /** Everything, in order of the keys, in runs of about a thousand entries or a mebibyte. */
  async *runs(): AsyncGenerator<ByteEntry[], void> {
    const iterator = this.#level.iterator({ fillCache: false, highWaterMarkBytes: RUN_SIZE_BYTES });
    try {
      for (;;) {
        const run = await iterator.nextv(RUN_ENTRY_COUNT);
        if (run.length === 0) {
          return;
        }
        yield run;
      }
    } finally {
      await iterator.close();
    }
  }

  /** The share of the data before a key, roughly: undefined while nothing of it is in tables. */
  async shareBefore(key: Uint8Array): Promise<number | undefined> {
    this.#bounds ??= this.#readBounds();
    const { first, last } = await this.#bounds;
    const total = await this.#level.approximateSize(first, last);
    return total === 0 ? undefined : (await this.#level.approximateSize(first, key)) / total;
  }

  #bounds: Promise<{ first: Uint8Array; last: Uint8Array }> | undefined;

  /** Requires: there are entries. */
  async #readBounds(): Promise<{ first: Uint8Array; last: Uint8Array }> {
    return { first: await this.#endKey('first'), last: await this.#endKey('last') };
  }

  async #endKey(end: 'first' | 'last'): Promise<Uint8Array> {
    const iterator = this.#level.iterator({ reverse: end === 'last', limit: 1 });
    const [entry] = await iterator.nextv(1);
    await iterator.close();
    return entry[0];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#level.close();
  }
}

/** LevelDB is not to be let near anything else: opening a directory, it writes to it. */
function assertLevelDb(directory: string): void {
  if (kindOfPath(directory) !== 'directory') {
    throw new NotSoError(`Cannot read ${directory}: there is no such directory`);
  }
  const current = readBeginning(join(directory, 'CURRENT'), CURRENT_SIZE_BYTES_MAX);
  const [, manifestName] = /^(MANIFEST-\d+)\n$/.exec(current ?? '') ?? [];
  const manifest =
    manifestName && readBeginning(join(directory, manifestName), MANIFEST_BEGINNING_SIZE_BYTES);
  const isRocksDb = kindOfPath(join(directory, 'IDENTITY')) !== 'nothing';
  if (manifest?.includes(BYTEWISE_ORDER) && !isRocksDb) {
    return;
  }
  throw new NotSoError(
    `Cannot read ${directory}: it holds no LevelDB with keys in the order of their bytes`,
    {
      advice: 'The words are: varve import --from leveldb <leveldb-directory> <directory>.',
    },
  );
}

function openingFailure(directory: string, error: unknown): NotSoError {
  const cause = (error as Error).cause as (Error & { code?: string }) | undefined;
  const reason = cause?.message ?? (error as Error).message;
  const advice =
    cause?.code === 'LEVEL_LOCKED'
      ? 'Close the program that has it open, then try again.'
      : 'If LevelDB itself cannot open it, `ClassicLevel.repair(directory)` may help; work on a copy.';
  return new NotSoError(`Cannot open the LevelDB in ${directory}: ${reason}`, {
    advice,
    cause: error,
  });
}
