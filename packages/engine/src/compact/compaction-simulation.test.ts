// The picker at work on trees that grow, shrink and are compacted by several jobs at once. Tables are
// maps in memory. After every step the tree must answer every key as an ordinary map does, and be a valid
// version; when nothing is written any more, the jobs must come to an end with every level at its target.

import { compareWhole, createRandom, encodeText, type Random } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { type KeyspaceTree, type TableMetadata, Version } from '../manifest/index.js';
import type { CompactionChoice, TableMerge } from './compaction-choice.js';
import { compactionEdit, inputFileNumbers, mergeRuns } from './compaction-edit.js';
import { levelScore, levelTargets, levelZeroScore } from './level-targets.js';
import { pickCompaction } from './leveled-picker.js';
import { type PickerOptions, resolvePickerOptions } from './picker-options.js';
import { pickRange } from './range-picker.js';
import { drawTable, drawTree } from './testing/tree-text.js';

interface Entry {
  readonly sequence: number;
  /** Undefined for a tombstone. */
  readonly value: number | undefined;
}

/** What is in a table: by key, ascending. */
type Content = Map<string, Entry>;

const KEY_COUNT = 300;
const MEMTABLE_KEY_COUNT = 12;
const JOB_COUNT_MAX = 3;
const OPTIONS = resolvePickerOptions({
  targetTableSizeBytes: 10,
  levelBaseSizeBytes: 30,
  levelSizeMultiplier: 4,
  tombstoneCountMin: 3,
});

function keyAt(index: number): string {
  return String(index).padStart(4, '0');
}

/** Every key there is, as text and as bytes. */
const KEYS = Array.from({ length: KEY_COUNT }, (_, index) => {
  const key = keyAt(index);
  return [key, encodeText(key)] as const;
});

/** A database without files. */
class Simulation {
  version = Version.blank().apply({
    nextFileNumber: 1_000_000,
    keyspacesAdded: [
      { id: 0, name: 'default', keyEncoding: 'utf8', valueEncoding: 'utf8', compression: 'none' },
    ],
  });
  readonly contents = new Map<number, Content>();
  readonly oracle = new Map<string, number>();
  readonly running: Exclude<CompactionChoice, { type: 'none' }>[] = [];
  readonly busy = new Set<number>();
  readonly random: Random;
  readonly counts = { move: 0, merge: 0, drop: 0 };
  readonly options: PickerOptions;
  #sequence = 0;
  #nextFileNumber = 1;

  constructor(random: Random, options = OPTIONS) {
    this.random = random;
    this.options = options;
  }

  get tree(): KeyspaceTree {
    return this.version.keyspaces.get(0)!;
  }

  /** Writes some keys and makes a table of level 0 of them. */
  flush(keyIndexes: readonly number[], tombstoneShare: number): void {
    const content: Content = new Map();
    for (const key of keyIndexes.map(keyAt).sort()) {
      this.#sequence += 1;
      const value = this.random.float() < tombstoneShare ? undefined : this.#sequence;
      content.set(key, { sequence: this.#sequence, value });
      if (value === undefined) this.oracle.delete(key);
      else this.oracle.set(key, value);
    }
    const table = this.#makeTable(content);
    this.#log({ tablesAdded: [{ keyspaceId: 0, level: 0, table }] });
  }

  /** Starts a job, or carries a choice out at once if it is no work. */
  start(choice: CompactionChoice): boolean {
    if (choice.type === 'none') return false;
    this.counts[choice.type] += 1;
    for (const fileNumber of inputFileNumbers(choice)) expect(this.busy).not.toContain(fileNumber);
    if (choice.type === 'merge') {
      for (const fileNumber of inputFileNumbers(choice)) this.busy.add(fileNumber);
      this.running.push(choice);
    } else {
      this.#log(compactionEdit(0, choice));
    }
    return true;
  }

  /** Ends one of the running jobs. */
  finish(): void {
    const [choice] = this.running.splice(this.random.below(this.running.length), 1);
    const outputs = choice.type === 'merge' ? this.#merge(choice) : [];
    for (const fileNumber of inputFileNumbers(choice)) this.busy.delete(fileNumber);
    this.#log(compactionEdit(0, choice, outputs));
  }

  pick(): CompactionChoice {
    return pickCompaction(this.tree, this.options, this.busy);
  }

  /** A step of the compaction of some range that somebody asks for. */
  pickAnyRange(): CompactionChoice {
    const [level, start] = [this.random.below(7), this.random.below(KEY_COUNT)];
    const smallest = encodeText(keyAt(start));
    const largest = encodeText(keyAt(start + this.random.below(100)));
    return pickRange(this.tree, this.options, { level, smallest, largest, busy: this.busy });
  }

  /** Looks every key up as a read does: the first level that has it decides. */
  check(): void {
    this.version.checkInvariants();
    for (const [key, bytes] of KEYS) {
      const found = this.#get(key, bytes);
      const expected = this.oracle.get(key);
      if (found === expected) continue;
      throw new Error(`${key} is ${found}, not ${expected}, in\n${drawTree(this.tree).join('\n')}`);
    }
  }

  #get(key: string, bytes: Uint8Array): number | undefined {
    for (const level of this.tree.levels) {
      if (level.level > 0) {
        const table = level.tables[level.firstAtOrAfter(bytes, 0, bytes.length)];
        const entry = table === undefined ? undefined : this.#find(table, key);
        if (entry !== undefined) return entry.value;
        continue;
      }
      for (let index = 0; index < level.tables.length; index++) {
        if (!level.covers(index, bytes, 0, bytes.length)) continue;
        const entry = this.#find(level.tables[index], key);
        if (entry !== undefined) return entry.value;
      }
    }
    return undefined;
  }

  #find({ fileNumber }: TableMetadata, key: string): Entry | undefined {
    return this.contents.get(fileNumber)?.get(key);
  }

  /** What a job does: the newest version of each key, in tables cut by size. */
  #merge(choice: TableMerge): TableMetadata[] {
    const merged: Content = new Map();
    for (const run of mergeRuns(choice)) {
      for (const { fileNumber } of run) {
        for (const [key, entry] of this.contents.get(fileNumber)!) {
          const newer = merged.get(key);
          // Runs are newest first, so that only the first version of a key counts.
          if (newer === undefined) merged.set(key, entry);
          else if (newer.sequence < entry.sequence) throw new Error(`runs out of order at ${key}`);
        }
      }
    }
    const kept = [...merged].filter(
      ([, { value }]) => value !== undefined || !choice.dropTombstones,
    );
    kept.sort(([a], [b]) => compareWhole(encodeText(a), encodeText(b)));
    const outputs: TableMetadata[] = [];
    while (kept.length > 0) {
      const size = 1 + this.random.below(this.options.targetTableSizeBytes);
      outputs.push(this.#makeTable(new Map(kept.splice(0, size))));
    }
    return outputs;
  }

  #makeTable(content: Content): TableMetadata {
    const keys = [...content.keys()];
    const entries = [...content.values()];
    const fileNumber = this.#nextFileNumber++;
    this.contents.set(fileNumber, content);
    return {
      ...drawTable({
        fileNumber,
        smallestKey: encodeText(keys[0]),
        largestKey: encodeText(keys[keys.length - 1]),
        sizeBytes: keys.length,
        tombstoneCount: entries.filter(({ value }) => value === undefined).length,
        largestSequence: Math.max(...entries.map(({ sequence }) => sequence)),
      }),
      entryCount: keys.length,
    };
  }

  #log(edit: Parameters<Version['apply']>[0]): void {
    this.version = this.version.apply(edit);
    this.check();
  }
}

/** Which keys are written next, in the style of a workload. */
const WORKLOADS: Record<string, (random: Random, step: number) => number[]> = {
  random: (random) => distinct(random, MEMTABLE_KEY_COUNT, () => random.below(KEY_COUNT)),
  sequential: (_, step) =>
    Array.from(
      { length: MEMTABLE_KEY_COUNT },
      (_, index) => (step * MEMTABLE_KEY_COUNT + index) % KEY_COUNT,
    ),
  narrow: (random) => {
    const start = random.below(KEY_COUNT - 30);
    return distinct(random, 1 + random.below(8), () => start + random.below(30));
  },
  skewed: (random) =>
    distinct(random, MEMTABLE_KEY_COUNT, () => Math.floor(KEY_COUNT * random.float() ** 4)),
};

function distinct(random: Random, count: number, next: () => number): number[] {
  const numbers = new Set<number>();
  for (let attempt = 0; attempt < count + random.below(3); attempt++) numbers.add(next());
  return [...numbers];
}

function finishAll(simulation: Simulation): void {
  for (let round = 0; round < 500; round++) {
    while (simulation.running.length < JOB_COUNT_MAX && simulation.start(simulation.pick())) {}
    if (simulation.running.length === 0) return;
    simulation.finish();
  }
  throw new Error('compaction does not come to an end');
}

function expectAtTargets({ tree, options }: Simulation): void {
  const targets = levelTargets(tree, options);
  expect(levelZeroScore(tree, options)).toBeLessThan(1);
  for (const level of tree.levels.slice(1)) {
    expect(levelScore(level, level.sizeBytes, targets)).toBeLessThan(1);
  }
}

describe('pickCompaction', () => {
  test.each(Object.keys(WORKLOADS))('keeps a tree of %s writes right and in shape', (name) => {
    const counts = { move: 0, merge: 0, drop: 0 };
    for (let seed = 0; seed < 12; seed++) {
      const random = createRandom(seed);
      const simulation = new Simulation(random);
      for (let step = 0; step < 60; step++) {
        const tombstoneShare = step % 20 < 14 ? 0.1 : 0.9;
        simulation.flush(WORKLOADS[name](random, step), tombstoneShare);
        while (random.below(3) > 0 && simulation.running.length < JOB_COUNT_MAX) {
          const isManual = random.below(4) === 0;
          if (!simulation.start(isManual ? simulation.pickAnyRange() : simulation.pick())) break;
        }
        while (random.below(2) > 0 && simulation.running.length > 0) simulation.finish();
      }
      finishAll(simulation);
      expect(simulation.pick()).toEqual({ type: 'none', why: 'nothing-to-do' });
      expectAtTargets(simulation);
      counts.move += simulation.counts.move;
      counts.merge += simulation.counts.merge;
      counts.drop += simulation.counts.drop;
    }
    expect(counts.merge).toBeGreaterThan(100);
    if (name !== 'random') expect(counts.move).toBeGreaterThan(20);
  });

  test('moves sequential writes to the bottom without merging any', () => {
    const simulation = new Simulation(createRandom(1));
    for (let step = 0; step < KEY_COUNT / MEMTABLE_KEY_COUNT; step++) {
      simulation.flush(WORKLOADS['sequential'](simulation.random, step), 0);
      finishAll(simulation);
    }
    expect(simulation.counts.merge).toBe(0);
    expect(simulation.tree.levels[6].tables.length).toBeGreaterThan(20);
  });

  test('keeps space and writes within the bounds of a leveled tree', () => {
    const random = createRandom(2);
    const simulation = new Simulation(random, { ...OPTIONS, levelSizeMultiplier: 10 });
    let writtenCount = 0;
    let mergedCount = 0;
    for (let step = 0; step < 400; step++) {
      const keys = WORKLOADS['random'](random, step);
      simulation.flush(keys, 0);
      writtenCount += keys.length;
      let choice = simulation.pick();
      for (; choice.type !== 'none'; choice = simulation.pick()) {
        simulation.start(choice);
        if (choice.type !== 'merge') continue;
        mergedCount += choice.inputs
          .flatMap(({ tables }) => tables)
          .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        simulation.finish();
      }
    }
    const stored = [...simulation.version.tables()].reduce(
      (sum, { sizeBytes }) => sum + sizeBytes,
      0,
    );
    expect(stored).toBeLessThan(simulation.oracle.size * 1.5);
    expect(mergedCount / writtenCount).toBeLessThan(15);
  });
});

describe('pickRange', () => {
  test('brings a range to the bottom without a tombstone, level by level', () => {
    for (let seed = 0; seed < 12; seed++) {
      const random = createRandom(seed);
      const simulation = new Simulation(random);
      const workloads = Object.values(WORKLOADS);
      for (let step = 0; step < 40; step++) {
        simulation.flush(workloads[random.below(4)](random, step), 0.3);
        if (step % 3 > 0 && simulation.start(simulation.pick()) && simulation.running.length > 0) {
          simulation.finish();
        }
      }
      while (simulation.running.length > 0) simulation.finish();
      const [smallest, largest] = [encodeText(keyAt(50)), encodeText(keyAt(200))];
      for (let level = 0; level <= 6; level++) {
        for (let step = 0; ; step++) {
          expect(step).toBeLessThan(200);
          const request = { level, smallest, largest, busy: simulation.busy };
          const choice = pickRange(simulation.tree, simulation.options, request);
          if (!simulation.start(choice)) {
            expect(choice).toEqual({ type: 'none', why: 'nothing-to-do' });
            break;
          }
          if (simulation.running.length > 0) simulation.finish();
        }
      }
      for (const { level, tables } of simulation.tree.levels) {
        for (const table of tables) {
          const isOutside =
            compareWhole(table.largestKey, smallest) < 0 ||
            compareWhole(table.smallestKey, largest) > 0;
          if (!isOutside) expect([level, table.tombstoneCount]).toEqual([6, 0]);
        }
      }
    }
  });
});
