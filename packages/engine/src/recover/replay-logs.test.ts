import { initializeChecksums, writeU32, writeU53 } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { type LogReader, RECORD_HEADER_SIZE_BYTES } from '../log/index.js';
import { decodeEntry, EntrySlots, type Memtable } from '../memtable/index.js';
import { LogReplay, type ReplayedMemtable } from './replay-logs.js';

beforeAll(initializeChecksums);

const MEMTABLE_SIZE_BYTES = 512;

/** The payload of a group whose batches have one put each: kind, keyspace, lengths, key, value. */
function payload(firstSequence: number, entries: readonly (readonly [string, string])[]): Buffer {
  const header = Buffer.alloc(12);
  writeU53(header, 0, firstSequence);
  writeU32(header, 8, entries.length);
  const batches = entries.map(([key, value]) => {
    const lengths = [key.length, value.length].map((length) =>
      length < 128 ? [length] : [(length & 127) | 128, length >> 7],
    );
    return Buffer.concat([Buffer.from([1, 1, 0, ...lengths.flat()]), Buffer.from(key + value)]);
  });
  return Buffer.concat([header, ...batches]);
}

/** A reader that stands on a group. */
function standingOn(bytes: Buffer): LogReader {
  const log = {
    bytes,
    payloadStart: 0,
    payloadEnd: bytes.length,
    path: '/db/000001.log',
    recordOffset: 77,
  };
  return log as unknown as LogReader;
}

function makeReplay(usedSequence = 0): { replay: LogReplay; full: ReplayedMemtable[] } {
  const full: ReplayedMemtable[] = [];
  const onFull = (filled: ReplayedMemtable): void => void full.push(filled);
  const options = { memtableSizeBytes: MEMTABLE_SIZE_BYTES, usedSequence, onFull };
  return { replay: new LogReplay(options), full };
}

function get(memtable: Memtable, key: string): string | undefined {
  const bytes = Buffer.from(key);
  const offset = memtable.find(0, bytes, 0, bytes.length, Number.MAX_SAFE_INTEGER);
  if (offset < 0) return undefined;
  const slots = new EntrySlots();
  decodeEntry(memtable.arena.bytes, offset, slots);
  return Buffer.from(memtable.arena.bytes.slice(slots.valueStart, slots.valueEnd)).toString();
}

describe('LogReplay', () => {
  test('has nothing when no log held anything', () => {
    const { replay } = makeReplay();
    expect(replay.rest).toBeNull();
    expect(replay.lastSequence).toBe(0);
  });

  test('puts groups into a memtable in order, behind room for the header of a record', () => {
    const { replay, full } = makeReplay();
    replay.add(
      standingOn(
        payload(5, [
          ['a', '1'],
          ['b', '2'],
        ]),
      ),
    );
    replay.add(standingOn(payload(9, [['a', '3']])));
    const { memtable, recordOffsets, payloadLengths } = replay.rest!;
    expect(get(memtable, 'a')).toBe('3');
    expect(get(memtable, 'b')).toBe('2');
    expect(replay.lastSequence).toBe(9);
    expect(memtable.firstSequence).toBeLessThanOrEqual(5);
    expect(full).toEqual([]);
    const groups = recordOffsets.map((offset, index) => {
      const start = offset + RECORD_HEADER_SIZE_BYTES;
      return Buffer.from(memtable.arena.bytes.slice(start, start + payloadLengths[index]!));
    });
    expect(groups).toEqual([
      payload(5, [
        ['a', '1'],
        ['b', '2'],
      ]),
      payload(9, [['a', '3']]),
    ]);
  });

  test('hands over a memtable that has no more room, and goes on with the next', () => {
    const { replay, full } = makeReplay();
    for (let sequence = 1; sequence <= 10; sequence++) {
      replay.add(standingOn(payload(sequence, [[`k${sequence}`, 'v'.repeat(100)]])));
    }
    expect(full.length).toBeGreaterThan(1);
    const counts = [...full, replay.rest!].map(({ memtable }) => memtable.entryCount);
    expect(counts.reduce((sum, count) => sum + count)).toBe(10);
    const firstOfRest = 10 - counts.at(-1)! + 1;
    expect(replay.rest!.memtable.firstSequence).toBe(firstOfRest);
    expect(replay.rest!.recordOffsets).toHaveLength(counts.at(-1)!);
  });

  test('makes a memtable large enough for a group that fits into none', () => {
    const { replay, full } = makeReplay();
    replay.add(standingOn(payload(1, [['a', '1']])));
    replay.add(standingOn(payload(2, [['large', 'v'.repeat(4000)]])));
    expect(full).toHaveLength(1);
    expect(get(replay.rest!.memtable, 'large')).toHaveLength(4000);
  });

  test.each([
    ['the same sequence again', payload(5, [['a', '1']])],
    ['a lower sequence', payload(4, [['a', '1']])],
    ['no sequence', Buffer.alloc(3)],
    ['a sequence that is no safe integer', Buffer.alloc(12, 0xff)],
    ['an entry cut short', payload(6, [['a', 'long value']]).subarray(0, -1)],
    ['bytes behind the last entry', Buffer.concat([payload(6, [['a', '1']]), Buffer.alloc(1)])],
  ])('W6: refuses %s as damage', (_, bytes) => {
    const { replay } = makeReplay();
    replay.add(standingOn(payload(5, [['a', '1']])));
    expect(() => replay.add(standingOn(bytes))).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', where: 'wal', file: '/db/000001.log' }),
    );
  });

  test('takes sequences of a database in which billions were used before', () => {
    const { replay } = makeReplay(2 ** 40);
    replay.add(standingOn(payload(2 ** 40 - 1, [['a', '1']])));
    replay.add(standingOn(payload(2 ** 40 + 1, [['a', '2']])));
    expect(get(replay.rest!.memtable, 'a')).toBe('2');
    expect(replay.lastSequence).toBe(2 ** 40 + 1);
  });

  test.each([
    ['the group before', { usedSequence: 0, sequences: [5, 2 ** 31 + 5] }],
    [
      'the group before, by more than half of what a memtable counts',
      { usedSequence: 0, sequences: [5, 2 ** 30 + 6] },
    ],
    ['what the manifest says was used, below it', { usedSequence: 2 ** 31, sequences: [6] }],
    ['what the manifest says was used, above it', { usedSequence: 6, sequences: [2 ** 31] }],
  ])('W6: refuses a group that is too far from %s', (_, { usedSequence, sequences }) => {
    const { replay } = makeReplay(usedSequence);
    const last = sequences.pop()!;
    for (const sequence of sequences) replay.add(standingOn(payload(sequence, [['a', '1']])));
    const place = { where: 'wal', file: '/db/000001.log', offset: 77 };
    expect(() => replay.add(standingOn(payload(last, [['a', '2']])))).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', ...place }),
    );
  });

  test('takes a group without entries, which only says that a sequence was reached', () => {
    const { replay } = makeReplay();
    replay.add(standingOn(payload(5, [])));
    replay.add(standingOn(payload(5, [['a', '1']])));
    expect(get(replay.rest!.memtable, 'a')).toBe('1');
  });
});
