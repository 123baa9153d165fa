/** What the questions about writing a table have in common: all but the codec. */

import { presentKeys, someValues } from './entries.js';
import type { Prepared } from './microbenchmark.js';
import type { BlockCodec } from './rooms.js';
import { addEntries, BufferFile, tableWriterMaker } from './table-fixture.js';

/** Prepares writing a table of `entryCount` entries into memory. */
export async function tableWriting(entryCount: number, codec: BlockCodec): Promise<Prepared> {
  const file = new BufferFile();
  const keys = presentKeys(entryCount, 'sequential');
  const range = { keys, values: someValues(entryCount), first: 0, stride: 1 };
  const makeWriter = await tableWriterMaker();
  let writer = makeWriter(file, { codec });
  const run = (): number => {
    addEntries(writer, range);
    return writer.finish().entryCount;
  };
  const reset = (): void => {
    writer = makeWriter(file, { codec });
  };
  return { run, expected: entryCount, reset };
}
