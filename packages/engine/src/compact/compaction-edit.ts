// What a choice means for the job that carries it out, and for the manifest once it is done.

import { assertNever } from '@varve/base';
import type { TableMetadata, VersionEdit } from '../manifest/index.js';
import type { CompactionChoice, LevelTables, TableMerge } from './compaction-choice.js';

/**
 * The sorted runs a merge reads, newest first: each table of level 0 is one, and all tables of a deeper
 * level together are one.
 */
export function mergeRuns({ inputs }: TableMerge): (readonly TableMetadata[])[] {
  return inputs.flatMap(({ level, tables }) =>
    level === 0 ? tables.map((table) => [table]) : [tables],
  );
}

/** The file numbers of everything a choice takes, for `busy`. */
export function inputFileNumbers(choice: CompactionChoice): number[] {
  return inputsOf(choice).flatMap(({ tables }) => tables.map(({ fileNumber }) => fileNumber));
}

/** The edit that a choice amounts to once it is carried out; `outputs` are what a merge has written. */
export function compactionEdit(
  keyspaceId: number,
  choice: CompactionChoice,
  outputs: readonly TableMetadata[] = [],
): VersionEdit {
  const tablesRemoved = inputsOf(choice).flatMap(({ level, tables }) =>
    tables.map(({ fileNumber }) => ({ keyspaceId, level, fileNumber })),
  );
  const added = choice.type === 'move' ? choice.tables : outputs;
  if (choice.type !== 'move' && choice.type !== 'merge') return { tablesRemoved };
  const { outputLevel: level } = choice;
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
