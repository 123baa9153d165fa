import { describe, expect, test } from 'vitest';
import { Version } from '../manifest/index.js';
import { Memtable } from '../memtable/index.js';
import { CurrentView } from './current-view.js';
import { OpenHandles } from './open-handles.js';
import { SnapshotList } from './snapshot-list.js';
import { TreeView } from './tree-view.js';

function makeMemtable(): Memtable {
  return new Memtable({ arenaSizeBytes: 1024, firstSequence: 1 });
}

/** A version, and whether anybody holds it. */
function makeVersion(): { version: Version; isUnused: () => boolean } {
  const version = Version.blank();
  let unused = false;
  version.watch(() => {
    unused = true;
  });
  return { version, isUnused: () => unused };
}

describe('TreeView', () => {
  test('is unused when the last reference is released, and told so once', () => {
    const unused: TreeView[] = [];
    const view = new TreeView([], Version.blank(), (told) => unused.push(told));
    expect(view.retain()).toBe(view);
    view.release();
    expect(unused).toEqual([]);
    view.release();
    expect(unused).toEqual([view]);
    expect(() => view.release()).toThrow('released twice');
    expect(() => view.retain()).toThrow('cannot be retained');
  });
});

describe('CurrentView', () => {
  test('hands back a memtable when the last view that holds it is gone', () => {
    const [first, second, third] = [makeMemtable(), makeMemtable(), makeMemtable()];
    const unused: Memtable[] = [];
    const { version } = makeVersion();
    const current = new CurrentView({
      memtables: [first!],
      version,
      visibleSequence: 0,
      onMemtableUnused: (memtable) => unused.push(memtable),
    });
    const reader = current.view.retain();
    current.swap([second!, first!], version);
    current.swap([second!], version);
    expect(unused).toEqual([]);
    reader.release();
    expect(unused).toEqual([first]);
    current.swap([third!, second!], version);
    current.swap([third!], version);
    expect(unused).toEqual([first, second]);
    current.dispose();
    expect(unused).toEqual([first, second, third]);
  });

  test('tells when the last reader of a replaced version is gone, and of no swap', () => {
    const [before, after] = [makeVersion().version, makeVersion().version];
    let toldCount = 0;
    const current = new CurrentView({
      memtables: [],
      version: before,
      visibleSequence: 0,
      onMemtableUnused: () => {},
      onReadersGone: () => {
        toldCount += 1;
      },
    });
    const [first, second] = [current.view.retain(), current.view.retain()];
    current.swap([], after);
    const third = current.view.retain();
    current.swap([], after);
    expect(toldCount).toBe(0);
    first.release();
    third.release();
    expect(toldCount).toBe(0);
    second.release();
    expect(toldCount).toBe(1);
    current.dispose();
    expect(toldCount).toBe(1);
  });

  test('keeps a memtable that goes from one view to the next', () => {
    const memtable = makeMemtable();
    const unused: Memtable[] = [];
    const { version } = makeVersion();
    const current = new CurrentView({
      memtables: [memtable],
      version,
      visibleSequence: 0,
      onMemtableUnused: (told) => unused.push(told),
    });
    for (let count = 0; count < 3; count++) current.swap([memtable], version);
    expect(unused).toEqual([]);
  });

  test('holds each version for as long as a view of it is held', () => {
    const before = makeVersion();
    const after = makeVersion();
    const current = new CurrentView({
      memtables: [],
      version: before.version,
      visibleSequence: 0,
      onMemtableUnused: () => {},
    });
    const reader = current.view.retain();
    current.swap([], after.version);
    expect(before.isUnused()).toBe(false);
    expect(current.view.version).toBe(after.version);
    reader.release();
    expect(before.isUnused()).toBe(true);
    current.dispose();
    expect(after.isUnused()).toBe(true);
  });

  test('releases each reader of one view once', () => {
    const { version, isUnused } = makeVersion();
    const next = makeVersion();
    const current = new CurrentView({
      memtables: [],
      version,
      visibleSequence: 0,
      onMemtableUnused: () => {},
    });
    const readers = [1, 2, 3].map(() => current.view.retain());
    current.swap([], next.version);
    for (const [index, reader] of readers.entries()) {
      expect(isUnused()).toBe(false);
      reader.release();
      expect(isUnused()).toBe(index === 2);
    }
  });
});

describe('SnapshotList', () => {
  test('lists the distinct sequences of the open snapshots, ascending', () => {
    const list = new SnapshotList();
    const entries = [3, 3, 5, 8].map((sequence) => list.add(sequence, sequence * 100));
    expect(list.sequences()).toEqual([3, 5, 8]);
    expect(list.count).toBe(4);
    list.remove(entries[0]!);
    expect(list.sequences()).toEqual([3, 5, 8]);
    list.remove(entries[1]!);
    list.remove(entries[3]!);
    expect(list.sequences()).toEqual([5]);
  });

  test('knows the oldest one and when it was taken', () => {
    const list = new SnapshotList();
    expect(list.oldest).toBeUndefined();
    const first = list.add(3, 1000);
    list.add(4, 2000);
    expect(list.oldest).toEqual({ sequence: 3, takenAtMs: 1000 });
    list.remove(first);
    expect(list.oldest).toEqual({ sequence: 4, takenAtMs: 2000 });
  });

  test('asserts that snapshots come in order and go once', () => {
    const list = new SnapshotList();
    const entry = list.add(3, 0);
    expect(() => list.add(2, 0)).toThrow('taken in order');
    list.remove(entry);
    expect(() => list.remove(entry)).toThrow('released twice');
  });
});

describe('OpenHandles', () => {
  test('closes every handle, also those that remove themselves or each other', () => {
    const handles = new OpenHandles();
    const closed: number[] = [];
    const made = [0, 1, 2].map((index) => ({
      close: () => {
        closed.push(index);
        handles.remove(made[index]!);
        handles.remove(made[2]!);
      },
    }));
    for (const handle of made) handles.add(handle);
    expect(handles.count).toBe(3);
    handles.closeAll();
    expect(closed).toEqual([0, 1, 2]);
    expect(handles.count).toBe(0);
  });
});
