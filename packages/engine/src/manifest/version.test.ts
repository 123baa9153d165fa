import { BugError } from '@varve/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LEVEL_COUNT } from './keyspace.js';
import { DEFAULT_KEYSPACE, makeTable } from './testing/fixtures.js';
import { refuseAsBug, Version } from './version.js';
import type { VersionEdit } from './version-edit.js';

fc.configureGlobal({ seed: 1_190_542, numRuns: 300 });

const EMPTY = Version.blank().apply({ keyspacesAdded: [DEFAULT_KEYSPACE], nextFileNumber: 1_000 });
const SECOND_KEYSPACE = { ...DEFAULT_KEYSPACE, id: 1, name: 'second' };

function addition(level: number, fileNumber: number, keys: string, keyspaceId = 0) {
  return { keyspaceId, level, table: makeTable({ fileNumber, keys }) };
}

function removal(level: number, fileNumber: number, keyspaceId = 0) {
  return { keyspaceId, level, fileNumber };
}

/** File numbers by level, for a keyspace. */
function numbers(version: Version, keyspaceId = 0): number[][] {
  const tree = version.keyspaces.get(keyspaceId);
  return tree!.levels.map(({ tables }) => tables.map(({ fileNumber }) => fileNumber));
}

describe('Version', () => {
  test('copies the levels an edit changes and shares all others', () => {
    const before = EMPTY.apply({
      keyspacesAdded: [SECOND_KEYSPACE],
      tablesAdded: [addition(0, 7, 'a-z'), addition(6, 3, 'a-m'), addition(6, 4, 'n-z', 1)],
    });
    const after = before.apply({
      tablesRemoved: [removal(6, 3)],
      tablesAdded: [addition(6, 8, 'a-k')],
    });
    expect(numbers(before)).toEqual([[7], [], [], [], [], [], [3]]);
    expect(numbers(after)).toEqual([[7], [], [], [], [], [], [8]]);
    const [oldTree, newTree] = [before.keyspaces.get(0)!, after.keyspaces.get(0)!];
    for (let level = 0; level < LEVEL_COUNT - 1; level++) {
      expect(newTree.levels[level]).toBe(oldTree.levels[level]);
    }
    expect(newTree.levels[6]).not.toBe(oldTree.levels[6]);
    expect(after.keyspaces.get(1)).toBe(before.keyspaces.get(1));
  });

  test('moves a table by removing and adding it in one edit', () => {
    const before = EMPTY.apply({ tablesAdded: [addition(0, 7, 'a-z')] });
    const after = before.apply({
      tablesRemoved: [removal(0, 7)],
      tablesAdded: [addition(6, 7, 'a-z')],
    });
    expect(numbers(after)).toEqual([[], [], [], [], [], [], [7]]);
    after.checkInvariants();
  });

  test('keeps the logs from the lowest number on', () => {
    let version = EMPTY.apply({ logsAdded: [12, 10] });
    expect(version.logs).toEqual([10, 12]);
    version = version.apply({ logsAdded: [15], minimumLogNumber: 12 });
    expect(version.logs).toEqual([12, 15]);
    expect(version.apply({ minimumLogNumber: 16 }).logs).toEqual([]);
  });

  test('knows the highest sequence number, whether it is given or in a table', () => {
    const version = EMPTY.apply({ lastSequence: 50, tablesAdded: [addition(0, 7, 'a-z')] });
    expect(version.lastSequence).toBe(709);
    expect(version.apply({ lastSequence: 60 }).lastSequence).toBe(709);
    expect(version.apply({ lastSequence: 800 }).lastSequence).toBe(800);
  });

  test('drops a keyspace with its tables and never gives its id again', () => {
    const version = EMPTY.apply({
      keyspacesAdded: [SECOND_KEYSPACE],
      tablesAdded: [addition(0, 7, 'a-z', 1)],
    }).apply({ keyspacesDropped: [1] });
    expect([...version.keyspaces.keys()]).toEqual([0]);
    expect([...version.tables()]).toEqual([]);
    expect(version.nextKeyspaceId).toBe(2);
    expect(() => version.apply({ keyspacesAdded: [SECOND_KEYSPACE] })).toThrow(/used before/);
    const restored = Version.blank().apply(version.toEdit());
    expect(restored.nextKeyspaceId).toBe(2);
  });

  test.each<[string, VersionEdit, RegExp]>([
    ['decreases the next file number', { nextFileNumber: 999 }, /next file number decreases/],
    ['has a table that is not below it', { tablesAdded: [addition(0, 1_000, 'a-b')] }, /not below/],
    ['has a log that is not below it', { logsAdded: [1_000] }, /not below/],
    ['adds a log twice', { logsAdded: [5, 5] }, /log 5 is added twice/],
    ['decreases the lowest log number', { minimumLogNumber: 0 }, /lowest log number decreases/],
    ['has a lowest log number out of reach', { minimumLogNumber: 1_001 }, /has not been reached/],
    ['names an unknown keyspace', { tablesAdded: [addition(0, 7, 'a-b', 3)] }, /keyspace 3/],
    ['names an unknown level', { tablesAdded: [addition(7, 7, 'a-b')] }, /no level 7/],
    ['removes from an unknown level', { tablesRemoved: [removal(255, 7)] }, /no level 255/],
    ['removes what is not there', { tablesRemoved: [removal(0, 7)] }, /does not have a table/],
    ['drops an unknown keyspace', { keyspacesDropped: [9] }, /keyspace 9/],
    ['drops the default keyspace', { keyspacesDropped: [0] }, /default keyspace is dropped/],
    ['reuses a keyspace id', { keyspacesAdded: [{ ...SECOND_KEYSPACE, id: 0 }] }, /used before/],
    ['reuses a name', { keyspacesAdded: [{ ...SECOND_KEYSPACE, name: 'default' }] }, /name of 1/],
  ])('refuses an edit that %s', (_, edit, reason) => {
    expect(() => EMPTY.apply(edit)).toThrow(BugError);
    expect(() => EMPTY.apply(edit)).toThrow(reason);
  });

  test('is what its own edit leads to from a blank one', () => {
    const version = EMPTY.apply({
      keyspacesAdded: [SECOND_KEYSPACE],
      logsAdded: [11, 13],
      minimumLogNumber: 9,
      lastSequence: 12_345,
      tablesAdded: [addition(0, 7, 'a-z'), addition(0, 8, 'a-z'), addition(3, 4, 'n-z', 1)],
    });
    const copy = Version.blank().apply(version.toEdit());
    copy.checkInvariants();
    expect(copy.toEdit()).toEqual(version.toEdit());
    expect([numbers(copy), numbers(copy, 1)]).toEqual([numbers(version), numbers(version, 1)]);
  });

  test('holds after any edits exactly the tables that were added and not removed', () => {
    const step = fc.record({ level: fc.nat(LEVEL_COUNT - 1), slot: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 5 }), { maxLength: 15 }), (edits) => {
        let version = EMPTY;
        let nextFileNumber = EMPTY.nextFileNumber;
        const model = new Map<string, number>();
        for (const steps of edits) {
          const tablesAdded = [];
          const tablesRemoved = [];
          for (const place of new Set(steps.map(({ level, slot }) => `${level}:${slot}`))) {
            const [level, slot] = place.split(':').map(Number);
            const present = model.get(place);
            if (present !== undefined) {
              tablesRemoved.push(removal(level, present));
              model.delete(place);
            } else {
              const letter = 'abcdef'[slot];
              tablesAdded.push(addition(level, nextFileNumber, `${letter}0-${letter}9`));
              model.set(place, nextFileNumber++);
            }
          }
          version = version.apply({ nextFileNumber, tablesAdded, tablesRemoved });
          version.checkInvariants();
        }
        const found = [...version.tables()].map(({ fileNumber }) => fileNumber);
        expect(found.sort()).toEqual([...model.values()].sort());
      }),
    );
  });
});

describe('Version.checkInvariants', () => {
  test('refuses a version without the default keyspace', () => {
    expect(() => Version.blank().checkInvariants()).toThrow(/no default keyspace/);
  });

  test.each<[string, VersionEdit]>([
    ['two levels', { tablesAdded: [addition(0, 7, 'a-b'), addition(6, 7, 'a-b')] }],
    [
      'two keyspaces',
      {
        keyspacesAdded: [SECOND_KEYSPACE],
        tablesAdded: [addition(6, 7, 'a-b'), addition(6, 7, 'a-b', 1)],
      },
    ],
    ['a log and a table', { logsAdded: [7], tablesAdded: [addition(6, 7, 'a-b')] }],
  ])('refuses a file number that is used in %s', (_, edit) => {
    const version = EMPTY.apply(edit);
    expect(() => version.checkInvariants(refuseAsBug)).toThrow(/file number 7 is used twice/);
  });
});

describe('Version.retain', () => {
  test('reports once that nobody holds the version any more', () => {
    const version = EMPTY.apply({});
    const unused: Version[] = [];
    version.watch((one) => unused.push(one));
    expect(version.retain()).toBe(version);
    version.retain();
    version.release();
    expect(unused).toEqual([]);
    version.release();
    expect(unused).toEqual([version]);
    expect(() => version.release()).toThrow(BugError);
    expect(() => version.watch(() => {})).toThrow(BugError);
  });
});
