/** Tables in memory: the file system is not what these benchmarks ask about. */
import { KEY_SIZE_BYTES, presentKeys, someValues, VALUE_SIZE_BYTES } from './entries.js';
import {
  type RandomAccessFile,
  rooms,
  type TableReader,
  type TableWriter,
  type TableWriterOptions,
} from './rooms.js';

const PUT = 1;
const SECTION_SIZE_BYTES = 1 << 20;

/** Names of a table, the same for all: they never share a directory. */
const IDENTITY = {
  fileNumber: 7,
  tableId: new Uint8Array(16).fill(0xa0),
  databaseId: new Uint8Array(16).fill(0xd0),
};

/** A file in one buffer that keeps its memory when it is written again from the start. */
export class BufferFile implements RandomAccessFile {
  readonly path = '000007.sst';
  #bytes = Buffer.alloc(SECTION_SIZE_BYTES);
  #sizeBytes = 0;

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    const end = Math.min(position + length, this.#sizeBytes);
    target.set(this.#bytes.subarray(position, end), targetOffset);
    return end - position;
  }

  async read(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    return this.readSync(target, targetOffset, length, position);
  }

  writeSync(source: Uint8Array, sourceOffset: number, length: number, position: number): void {
    const end = position + length;
    if (end > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], Math.max(end, this.#bytes.length * 2));
    }
    this.#bytes.set(source.subarray(sourceOffset, sourceOffset + length), position);
    this.#sizeBytes = Math.max(end, this.#sizeBytes);
  }

  async write(
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    position: number,
  ): Promise<void> {
    this.writeSync(source, sourceOffset, length, position);
  }

  syncDataSync(): void {}

  async syncData(): Promise<void> {}

  truncateSync(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
  }

  sizeSync(): number {
    return this.#sizeBytes;
  }

  identitySync(): { device: bigint; inode: bigint } {
    return { device: 0n, inode: 0n };
  }

  closeSync(): void {}
}

/** Every `stride`-th entry from the `first` on, of keys and values that lie end to end. */
export interface EntryRange {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly first: number;
  readonly stride: number;
}

/** Gives what makes a writer of a table into a file. */
export async function tableWriterMaker(): Promise<
  (file: RandomAccessFile, options: TableWriterOptions) => TableWriter
> {
  const { TableWriter } = await rooms.sstable();
  await (await rooms.base()).initializeChecksums();
  return (file, options) => new TableWriter(file, IDENTITY, options);
}

/** Gives a reader of a table with every `stride`-th of the present keys below `count`, from the `first` on. */
export async function tableOf(
  count: number,
  options: TableWriterOptions & { readonly first?: number; readonly stride?: number } = {},
): Promise<TableReader> {
  const { first = 0, stride = 1, ...writerOptions } = options;
  const file = new BufferFile();
  const writer = (await tableWriterMaker())(file, writerOptions);
  const range = {
    keys: presentKeys(count, 'sequential'),
    values: someValues(count),
    first,
    stride,
  };
  addEntries(writer, range);
  const { sizeBytes } = writer.finish();
  const { TableReader } = await rooms.sstable();
  return TableReader.openSync(file, { ...IDENTITY, sizeBytes });
}

/** Adds entries to a table; the sequence of each is its index plus 1. */
export function addEntries(writer: TableWriter, { keys, values, first, stride }: EntryRange): void {
  const count = keys.length / KEY_SIZE_BYTES;
  for (let index = first; index < count; index += stride) {
    const key = index * KEY_SIZE_BYTES;
    const value = index * VALUE_SIZE_BYTES;
    const valueEnd = value + VALUE_SIZE_BYTES;
    writer.add(keys, key, key + KEY_SIZE_BYTES, values, value, valueEnd, index + 1, PUT);
  }
}
