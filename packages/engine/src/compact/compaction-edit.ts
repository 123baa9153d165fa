// What a choice means for the job that carries it out, and for the manifest once it is done.

import { assert, assertNever } from '@varve/base';
import { assertLevelNumber, type TableMetadata, type VersionEdit } from '../manifest/index.js';
import type { CompactionChoice, LevelTables, TableMerge } from './compaction-choice.js';

/**
 * The sorted runs a merge reads, newest first: each table of level 0 is one, and all tables of a deeper
 * level together are one.
 */
export function mergeRuns({ inputs }: TableMerge): (readonly TableMetadata[])[] {
  assert(inputs.length > 0, 'a merge has inputs');
  const runs = inputs.flatMap(({ level, tables }) =>
    level === 0 ? tables.map((table) => [table]) : [tables],
  );
  assert(
    runs.every((run) => run.length > 0),
    'every run has tables',
  );
  assert(runs.length >= inputs.length, 'every input is read');
  return runs;
}

/** The file numbers of everything a choice takes, for `busy`. */
export function inputFileNumbers(choice: CompactionChoice): number[] {
  const numbers = inputsOf(choice).flatMap(({ tables }) =>
    tables.map(({ fileNumber }) => fileNumber),
  );
  assert(new Set(numbers).size === numbers.length, 'no table is taken twice');
  assert(numbers.length > 0 || choice.type === 'none', 'a choice takes tables');
  return numbers;
}

/** The edit that a choice amounts to once it is carried out; `outputs` are what a merge has written. */
export function compactionEdit(
  keyspaceId: number,
  choice: CompactionChoice,
  outputs: readonly TableMetadata[] = [],
): VersionEdit {
  assert(keyspaceId >= 0, 'a tree belongs to a keyspace');
  assert(outputs.length === 0 || choice.type === 'merge', 'only a merge writes tables');
  const tablesRemoved = inputsOf(choice).flatMap(({ level, tables }) =>
    tables.map(({ fileNumber }) => ({ keyspaceId, level, fileNumber })),
  );
  const added = choice.type === 'move' ? choice.tables : outputs;
  if (choice.type !== 'move' && choice.type !== 'merge') return { tablesRemoved };
  const { outputLevel: level } = choice;
  assert(level > 0, 'nothing is compacted to level 0');
  assertLevelNumber(level);
  return { tablesRemoved, tablesAdded: added.map((table) => ({ keyspaceId, level, table })) };
}

function inputsOf(choice: CompactionChoice): readonly LevelTables[] {
  switch (choice.type) {
    case 'none':
      return [];
    case 'move':
      return [choice];
    case 'merge':
    case 'drop':
      return choice.inputs;
    default:
      return assertNever(choice);
  }
}
