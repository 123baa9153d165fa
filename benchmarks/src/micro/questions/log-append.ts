// A regression here is one of packages/engine/src/log/log-writer.ts, or of record-seal.

import { someValues } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';
import { makeScratch } from '../scratch.js';

/** A commit group of one entry of 16 + 100 bytes. */
const PAYLOAD_SIZE_BYTES = 133;

export const microbenchmark: Microbenchmark = {
  question: 'What does appending the record of a single put to a log file cost?',
  operation: 'record',
  operationCount: 10_000,
  async setup(operationCount) {
    const { LogKind, LogWriter, RECORD_HEADER_SIZE_BYTES, RecordType } = await rooms.log();
    const { NodeFileSystem } = await rooms.vfs();
    await (await rooms.base()).initializeChecksums();
    const { path, remove } = makeScratch();
    const fileSystem = new NodeFileSystem();
    const logPath = `${path}/log`;
    const identity = { kind: LogKind.wal, logId: 1, databaseId: new Uint8Array(16) };
    const record = new Uint8Array(
      new SharedArrayBuffer(RECORD_HEADER_SIZE_BYTES + PAYLOAD_SIZE_BYTES),
    );
    record.set(someValues(1), RECORD_HEADER_SIZE_BYTES);
    let log = LogWriter.createSync(fileSystem, logPath, identity);
    const startBytes = log.positionBytes;
    const run = (): number => {
      for (let index = 0; index < operationCount; index++) {
        log.appendSync(record, 0, PAYLOAD_SIZE_BYTES, RecordType.batch);
      }
      return log.positionBytes - startBytes;
    };
    const reset = (): void => {
      log.closeSync();
      fileSystem.removeSync(logPath);
      log = LogWriter.createSync(fileSystem, logPath, identity);
    };
    const close = (): void => {
      log.closeSync();
      remove();
    };
    return { run, expected: operationCount * record.length, reset, close };
  },
};
