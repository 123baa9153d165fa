/** What the questions about compaction have in common: all but the codec of inputs and output. */
import type { Prepared } from './microbenchmark.js';
import { type BlockCodec, rooms } from './rooms.js';
import { BufferFile, tableOf, tableWriterMaker } from './table-fixture.js';

const TABLE_COUNT = 4;

/** Prepares merging four interleaved tables of `entryCount` entries together into one, all in memory. */
export async function compacting(entryCount: number, codec: BlockCodec): Promise<Prepared> {
  const { MergingCursor } = await rooms.iterators();
  const { DirectBlockSource, TableCursor } = await rooms.sstable();
  const makeWriter = await tableWriterMaker();
  const readers = await Promise.all(
    Array.from({ length: TABLE_COUNT }, (_, first) =>
      tableOf(entryCount, { codec, first, stride: TABLE_COUNT }),
    ),
  );
  const file = new BufferFile();
  const run = (): number => {
    const cursors = readers.map((reader) => new TableCursor(reader, new DirectBlockSource()));
    const merged = new MergingCursor(cursors);
    const writer = makeWriter(file, { codec });
    for (merged.first(); merged.valid; merged.next()) {
      const { keyBytes, keyOffset, valueBytes, valueOffset } = merged;
      const keyEnd = keyOffset + merged.keyLength;
      const valueEnd = valueOffset + merged.valueLength;
      const { sequence, kind } = merged;
      writer.add(keyBytes, keyOffset, keyEnd, valueBytes, valueOffset, valueEnd, sequence, kind);
    }
    return writer.finish().entryCount;
  };
  return { run, expected: entryCount };
}
