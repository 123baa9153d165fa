// Reads everything intact out of the write-ahead logs.
//
// A gap between records is lost. Behind the last record it is lost if something says that more was there: an attestation,
// or the next log, which names where this one ended. Otherwise it is what a crash leaves of writes that were never synced.
// Records behind the end that the next log names are writes that failed, and are left out.

import { type DecodeContext, isStorageError } from '@varve/base';
import { type DatabaseDirectory, logFileName } from '../directory/index.js';
import { LOG_FILE_HEADER_SIZE_BYTES, LogKind, RecordType } from '../log/index.js';
import { decodeEntry, EntrySlots, walkPayload } from '../memtable/index.js';
import { decodePredecessor, PREDECESSOR_SIZE_BYTES } from '../wal/index.js';
import { type FoundRecord, type ScannedLog, scanLog } from './record-scan.js';
import type { SalvageFindings } from './salvage-report.js';
import type { SalvagedEntry } from './source.js';

/** Which logs to read. */
export interface LogRequest {
  /** Numbers of logs whose files exist, ascending. */
  readonly logs: readonly number[];
  readonly databaseIds: readonly Uint8Array[];
  /** Called after every log with its size. */
  readonly onRead: (sizeBytes: number) => void;
}

interface NumberedLog {
  readonly logId: number;
  readonly log: ScannedLog;
}

/** Gives the entries by keyspace, in no order. Holds the logs in memory. */
export function salvageLogs(
  directory: DatabaseDirectory,
  request: LogRequest,
  findings: SalvageFindings,
): Map<number, SalvagedEntry[]> {
  const logs: NumberedLog[] = [];
  for (const logId of request.logs) {
    const log = readLog(directory, logId, request);
    if (log !== null) logs.push({ logId, log });
    else noteUnreadable(directory, logId, findings);
    request.onRead(log?.bytes.length ?? 0);
  }
  const entries = new Map<number, SalvagedEntry[]>();
  for (const [index, { logId, log }] of logs.entries()) {
    const linkEnd = endNamedBy(logs[index + 1], logId);
    new LogSalvage(logFileName(logId), log, { linkEnd, findings, entries }).run();
  }
  return entries;
}

function readLog(
  directory: DatabaseDirectory,
  logId: number,
  { databaseIds }: LogRequest,
): ScannedLog | null {
  const file = directory.fileSystem.openSync(directory.pathOf(logFileName(logId)), 'read');
  try {
    return scanLog(file, { kind: LogKind.wal, logId, databaseIds });
  } finally {
    file.closeSync();
  }
}

function noteUnreadable(
  directory: DatabaseDirectory,
  logId: number,
  { losses }: SalvageFindings,
): void {
  const file = logFileName(logId);
  const { sizeBytes } = directory.fileSystem.statSync(directory.pathOf(file));
  losses.push({ file, offset: 0, sizeBytes, reason: 'no record of this log is left in it' });
}

/** Where the log `logId` ended according to the next one; `null` when that says nothing of it. */
function endNamedBy(next: NumberedLog | undefined, logId: number): number | null {
  const record = next?.log.records.find(({ type }) => type === RecordType.predecessor);
  if (next === undefined || record === undefined) return null;
  if (record.end - record.payloadStart !== PREDECESSOR_SIZE_BYTES) return null;
  const predecessor = decodePredecessor(next.log.bytes, record.payloadStart);
  return predecessor.logId === logId ? predecessor.endOffset : null;
}

interface LogTarget {
  readonly linkEnd: number | null;
  readonly findings: SalvageFindings;
  readonly entries: Map<number, SalvagedEntry[]>;
}

class LogSalvage {
  readonly #file: string;
  readonly #log: ScannedLog;
  readonly #target: LogTarget;
  readonly #slots = new EntrySlots();

  constructor(file: string, log: ScannedLog, target: LogTarget) {
    this.#file = file;
    this.#log = log;
    this.#target = target;
  }

  run(): void {
    const { linkEnd, findings } = this.#target;
    if (this.#log.header === 'remade') findings.notes.push(`${this.#file}: its header is damaged`);
    let end = LOG_FILE_HEADER_SIZE_BYTES;
    let isClosed = false;
    for (const record of this.#log.records) {
      const isFailed = linkEnd !== null && record.offset >= linkEnd;
      if (isFailed) continue;
      if (record.offset > end) this.#lose(end, record.offset, 'no valid record');
      if (record.type === RecordType.batch) this.#take(record);
      isClosed = record.type === RecordType.end;
      end = record.end;
    }
    if (!isClosed) this.#judgeTail(end);
  }

  #take(record: FoundRecord): void {
    const { bytes } = this.#log;
    const context: DecodeContext = { file: this.#file, where: 'wal' };
    try {
      walkPayload(bytes, record.payloadStart, record.end, context, (offset, sequence) =>
        this.#add(offset, sequence),
      );
    } catch (error) {
      if (!isStorageError(error)) throw error;
      this.#lose(record.offset, record.end, error.message);
    }
  }

  #add(offset: number, sequence: number): void {
    const { bytes } = this.#log;
    const slots = this.#slots;
    decodeEntry(bytes, offset, slots);
    const { keyspaceId, kind, keyStart, keyEnd, valueStart, valueEnd } = slots;
    const key = bytes.subarray(keyStart, keyEnd);
    const value = bytes.subarray(valueStart, valueEnd);
    const { entries, findings } = this.#target;
    const list = entries.get(keyspaceId) ?? [];
    entries.set(keyspaceId, list);
    list.push({ key, value, sequence, kind });
    findings.readEntryCount += 1;
  }

  #judgeTail(end: number): void {
    const { linkEnd, findings } = this.#target;
    const knownEnd = Math.max(this.#log.attestedOffset, linkEnd ?? 0);
    if (end < knownEnd) {
      this.#lose(end, knownEnd, 'no valid record, and this much was there');
      return;
    }
    if (linkEnd !== null || this.#log.records.length === 0) return;
    // Whole records that are gone from the end leave no trace (W3): all that can be said is that there was no orderly end.
    findings.notes.push(`${this.#file}: was not closed, its last writes may be missing`);
    if (!this.#log.isRecycled) findings.discardedBytes += this.#tailSizeBytes(end);
  }

  /** What stands behind the last record of a file that was new: never synced, or it would be attested. */
  #tailSizeBytes(end: number): number {
    const { bytes } = this.#log;
    let tailEnd = bytes.length;
    while (tailEnd > end && bytes[tailEnd - 1] === 0) tailEnd -= 1;
    return tailEnd - end;
  }

  #lose(offset: number, end: number, reason: string): void {
    const { losses } = this.#target.findings;
    losses.push({ file: this.#file, offset, sizeBytes: end - offset, reason });
  }
}
