/** What the questions about sealing a log record have in common: all but the size of its payload. */
import { someBytes } from './entries.js';
import type { Prepared } from './microbenchmark.js';
import { rooms } from './rooms.js';

const SEED = 0x1234_5678;
const DURABLE_OFFSET = 64;

/** Prepares sealing `recordCount` records, each time the same bytes in shared memory, as those of an arena are. */
export async function sealing(recordCount: number, payloadSizeBytes: number): Promise<Prepared> {
  const { RECORD_HEADER_SIZE_BYTES, RecordType } = await rooms.log();
  const { sealRecord } = await rooms.recordWriter();
  await (await rooms.base()).initializeChecksums();
  const shared = new SharedArrayBuffer(RECORD_HEADER_SIZE_BYTES + payloadSizeBytes);
  const bytes = new Uint8Array(shared);
  bytes.set(someBytes(payloadSizeBytes), RECORD_HEADER_SIZE_BYTES);
  const run = (): number => {
    let mixed = 0;
    for (let index = 0; index < recordCount; index++) {
      mixed ^= sealRecord(
        bytes,
        0,
        payloadSizeBytes,
        RecordType.batch,
        SEED + index,
        DURABLE_OFFSET,
      );
    }
    return mixed;
  };
  return { run, expected: run() };
}
