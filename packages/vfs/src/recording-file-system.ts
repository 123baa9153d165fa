// Writes down, as lines of text, everything that changes files and in which order: for tests that show the order of
// writes, syncs and renames, on which all durability rests.
//
//   create CURRENT.tmp
//   write CURRENT.tmp 0..16
//   sync CURRENT.tmp
//   rename CURRENT.tmp -> CURRENT
//   sync directory .
//
// Writes that follow each other on one file are one line; ranges that touch are joined. An asynchronous operation during
// which something else happened has two lines, ending in `(started)` and `(ended)`. One that failed ends in its code.

import { isStorageError } from '@varve/base';
import type { FileCall, FileSystem } from './file-system.js';
import { FileSystemWrapper } from './file-system-wrapper.js';

/** What a {@link RecordingFileSystem} can be given. */
export interface RecordingFileSystemOptions {
  /** A directory whose path is left out of the lines: it is `.`, and files in it have only their name. */
  readonly root?: string;
  /** What a line says of writes: the `'ranges'` of bytes (default), or only the file, as `'names'`. */
  readonly writes?: 'ranges' | 'names';
}

interface ByteRange {
  readonly start: number;
  readonly end: number;
}

interface Line {
  readonly call: FileCall;
  ranges: ByteRange[];
  /** How it came out: nothing when it succeeded. */
  outcome: string;
}

/** The recorded operations, as lines name them. All others leave no trace. */
const ACTIONS: Partial<Record<FileCall['operation'], string>> = {
  create: 'create',
  write: 'write',
  truncate: 'truncate',
  syncData: 'sync',
  makeDirectory: 'make directory',
  rename: 'rename',
  remove: 'remove',
  removeDirectory: 'remove directory',
  syncDirectory: 'sync directory',
  lock: 'lock',
  unlock: 'unlock',
};

/** Passes calls on to an inner file system and records them. */
export class RecordingFileSystem extends FileSystemWrapper {
  readonly #options: RecordingFileSystemOptions;
  #lines: Line[] = [];

  constructor(inner: FileSystem, options: RecordingFileSystemOptions = {}) {
    super(inner);
    this.#options = options;
  }

  /** What happened since the start or the last `clear()`, one line each. */
  get lines(): string[] {
    return this.#lines.map((line) => this.#format(line));
  }

  /** Forgets the lines. */
  clear(): void {
    this.#lines = [];
  }

  override aroundSync<T>(call: FileCall, run: () => T): T {
    try {
      const result = run();
      this.#record(call, '');
      return result;
    } catch (error) {
      this.#record(call, failed(error));
      throw error;
    }
  }

  override async around<T>(call: FileCall, run: () => Promise<T>): Promise<T> {
    const started = this.#record(call, ' (started)');
    try {
      const result = await run();
      this.#recordEnd(started, '');
      return result;
    } catch (error) {
      this.#recordEnd(started, failed(error));
      throw error;
    }
  }

  #record(call: FileCall, outcome: string): Line {
    const { position = 0, length = 0 } = call;
    const ranges = [{ start: position, end: position + length }];
    const line: Line = { call, ranges, outcome };
    if (ACTIONS[call.operation] !== undefined) {
      this.#lines.push(line);
      this.#joinLastWrites();
    }
    return line;
  }

  /** Two lines become one when nothing was recorded between them. */
  #recordEnd(started: Line, outcome: string): void {
    if (this.#lines.at(-1) === started) {
      started.outcome = outcome;
      this.#joinLastWrites();
    } else {
      this.#record(started.call, outcome === '' ? ' (ended)' : outcome);
    }
  }

  #joinLastWrites(): void {
    const [first, second] = this.#lines.slice(-2);
    if (first === undefined || second === undefined) return;
    if (!isPlainWrite(first) || !isPlainWrite(second)) return;
    if (first.call.path !== second.call.path) return;
    first.ranges = joinRanges(first.ranges, second.ranges);
    this.#lines.pop();
  }

  #format({ call, ranges, outcome }: Line): string {
    const action = `${ACTIONS[call.operation]} ${this.#shorten(call.path)}`;
    return `${action}${this.#detail(call, ranges)}${outcome}`;
  }

  #detail(call: FileCall, ranges: readonly ByteRange[]): string {
    if (call.toPath !== undefined) return ` -> ${this.#shorten(call.toPath)}`;
    if (this.#options.writes === 'names') return '';
    if (call.operation === 'truncate') return ` to ${call.position}`;
    if (call.operation !== 'write') return '';
    return ` ${ranges.map(({ start, end }) => `${start}..${end}`).join(', ')}`;
  }

  #shorten(path: string): string {
    const { root } = this.#options;
    if (root === undefined) return path;
    if (path === root) return '.';
    return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
  }
}

function isPlainWrite(line: Line): boolean {
  return line.call.operation === 'write' && line.outcome === '';
}

/** Appends ranges; one that starts where the last ended makes that one longer. */
function joinRanges(ranges: readonly ByteRange[], added: readonly ByteRange[]): ByteRange[] {
  const joined = [...ranges];
  for (const range of added) {
    const last = joined.at(-1);
    if (last?.end === range.start) joined.splice(-1, 1, { start: last.start, end: range.end });
    else joined.push(range);
  }
  return joined;
}

function failed(error: unknown): string {
  return ` failed: ${isStorageError(error) ? error.code : String(error)}`;
}
