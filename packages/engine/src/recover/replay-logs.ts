/**
 * Puts what the logs hold back into memtables.
 *
 * Each payload is copied into an arena behind room for a record header, so that it can be written to the new log as it
 * stands; every entry is checked on the way. A full memtable is given to `onFull`, which either turns it into tables or
 * keeps it.
 */
import { readU53, StorageError } from '@varve/base';
import type { LogReader } from '../log/index.js';
import { RECORD_HEADER_SIZE_BYTES } from '../log/index.js';
import { Memtable, walkPayload } from '../memtable/index.js';

/**
 * How far sequences may be apart that share a memtable, which counts from its first in 31 bits. Sequences have hardly any
 * gaps, and no memtable has memory for as many entries; the other half is for what will be written into the last one.
 */
const SEQUENCE_SPAN_MAX = 2 ** 30;

/** A memtable filled by recovery, and where its groups are. */
export interface ReplayedMemtable {
  readonly memtable: Memtable;
  /** Arena offsets of the groups' records, in order. */
  readonly recordOffsets: readonly number[];
  readonly payloadLengths: readonly number[];
}

export interface LogReplayOptions {
  readonly memtableSizeBytes: number;
  /** A sequence that was used, according to the manifest: new entries get higher ones. */
  readonly usedSequence: number;
  /** Takes over a memtable that has no more room. */
  readonly onFull: (full: ReplayedMemtable) => void;
}

export class LogReplay {
  readonly #options: LogReplayOptions;
  #memtable: Memtable | null = null;
  #recordOffsets: number[] = [];
  #payloadLengths: number[] = [];
  #lastSequence = 0;

  constructor(options: LogReplayOptions) {
    this.#options = options;
  }

  /** Sequence of the newest entry seen; 0 when there was none. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** The memtable being filled; null when no log held anything. */
  get rest(): ReplayedMemtable | null {
    if (this.#memtable === null) return null;
    return {
      memtable: this.#memtable,
      recordOffsets: this.#recordOffsets,
      payloadLengths: this.#payloadLengths,
    };
  }

  /** Replays the group the reader stands on. */
  add(log: LogReader): void {
    const payloadLength = log.payloadEnd - log.payloadStart;
    const firstSequence = this.#checkedSequence(log);
    const { arena } = this.#roomFor(RECORD_HEADER_SIZE_BYTES + payloadLength, firstSequence);
    const recordOffset = arena.reserve(RECORD_HEADER_SIZE_BYTES + payloadLength);
    const payloadStart = recordOffset + RECORD_HEADER_SIZE_BYTES;
    arena.bytes.set(log.bytes.subarray(log.payloadStart, log.payloadEnd), payloadStart);
    this.#index(log, payloadStart);
    this.#recordOffsets.push(recordOffset);
    this.#payloadLengths.push(payloadLength);
  }

  /** Gives the sequence of the group's first entry. Groups ascend without leaps; one that does not was not written by this engine. */
  #checkedSequence(log: LogReader): number {
    const { bytes, payloadStart } = log;
    const firstSequence = log.payloadEnd - payloadStart < 8 ? -1 : readU53(bytes, payloadStart);
    if (!(firstSequence > this.#lastSequence)) throw groupDamage(log, 'is out of order');
    const distance = firstSequence - (this.#memtable?.firstSequence ?? this.#options.usedSequence);
    if (Math.abs(distance) > SEQUENCE_SPAN_MAX)
      throw groupDamage(log, 'is too far from the others');
    return firstSequence;
  }

  /** Indexes the group that was copied to `start` of the arena; errors name the place in the log. */
  #index(log: LogReader, start: number): void {
    const memtable = this.#memtable!;
    const { bytes } = memtable.arena;
    const end = start + log.payloadEnd - log.payloadStart;
    const context = {
      file: log.path,
      where: 'wal',
      baseOffset: log.payloadStart - start,
    } as const;
    walkPayload(bytes, start, end, context, (entryOffset, sequence) => {
      memtable.insert(entryOffset, sequence);
      this.#lastSequence = sequence;
    });
  }

  #roomFor(sizeBytes: number, firstSequence: number): Memtable {
    const filled = this.rest;
    if (filled !== null) {
      if (filled.memtable.arena.freeBytes >= sizeBytes) return filled.memtable;
      this.#options.onFull(filled);
    }
    this.#recordOffsets = [];
    this.#payloadLengths = [];
    this.#memtable = new Memtable({
      arenaSizeBytes: Math.max(this.#options.memtableSizeBytes, sizeBytes),
      firstSequence,
    });
    return this.#memtable;
  }
}

function groupDamage({ path, recordOffset }: LogReader, what: string): StorageError {
  return new StorageError(
    'CORRUPTION',
    `Cannot replay ${path}: the group at offset ${recordOffset} ${what}`,
    { file: path, offset: recordOffset, where: 'wal' },
  );
}
