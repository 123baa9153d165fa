// Trees drawn as text, and choices written as text, for the tests of the picker.
//
//   L0  9[a-m 40] 8[c-z]        newest first
//   L6  3[a-f 100] 4[g-p 100 90%]*
//
// A table is its number, its smallest and largest key, its size (10 if it is left out) and its share of
// tombstones (0% if it is left out). It has 1000 entries, and its sequence numbers go up to ten times its
// number. A star says that a running job reads it.

import { assert, decodeText, encodeText } from '@varve/base';
import {
  type KeyspaceTree,
  LEVEL_COUNT,
  type TableMetadata,
  Version,
} from '../../manifest/index.js';
import type { CompactionChoice, LevelTables } from '../compaction-choice.js';

/** A tree, and what is being compacted in it. */
export interface DrawnTree {
  readonly tree: KeyspaceTree;
  readonly busy: ReadonlySet<number>;
}

const LEVEL = /^L([0-6])\s+(.*)$/;
const TABLE = /^(\d+)\[(\w*)-(\w*)(?: (\d+))?(?: (\d+)%)?\](\*?)$/;
const ENTRY_COUNT = 1_000;

/** Reads a drawing. Lines that do not start with `L` and a digit are not allowed. */
export function parseTree(lines: readonly string[]): DrawnTree {
  const busy = new Set<number>();
  const tablesAdded = lines.flatMap((line) => {
    const match = LEVEL.exec(line.trim());
    assert(match !== null, `not a level: ${line}`);
    const level = Number(match[1]);
    const words = match[2].split(/ (?![^[]*\])/).filter((word) => word !== '');
    return words.map((word) => ({ keyspaceId: 0, level, table: parseTable(word, busy) }));
  });
  return { tree: treeOf(tablesAdded), busy };
}

/** A tree of the default keyspace with these tables. */
export function treeOf(
  tablesAdded: readonly { keyspaceId: number; level: number; table: TableMetadata }[],
): KeyspaceTree {
  const version = Version.blank().apply({
    nextFileNumber: 1_000_000,
    keyspacesAdded: [
      { id: 0, name: 'default', keyEncoding: 'utf8', valueEncoding: 'utf8', compression: 'none' },
    ],
    tablesAdded,
  });
  version.checkInvariants();
  return version.keyspaces.get(0)!;
}

/** A table of which only what the picker looks at is given. */
export function drawTable(table: {
  readonly fileNumber: number;
  readonly smallestKey: Uint8Array;
  readonly largestKey: Uint8Array;
  readonly sizeBytes: number;
  readonly tombstoneCount?: number;
  readonly largestSequence?: number;
}): TableMetadata {
  return {
    tableId: new Uint8Array(16),
    entryCount: ENTRY_COUNT,
    tombstoneCount: 0,
    smallestSequence: 0,
    largestSequence: table.fileNumber * 10,
    rawKeyBytes: 0,
    rawValueBytes: 0,
    contentHash: 0,
    ...table,
  };
}

/** Draws a tree, the reverse of {@link parseTree} but for the stars. Empty levels are left out. */
export function drawTree(tree: KeyspaceTree): string[] {
  return Array.from({ length: LEVEL_COUNT }, (_, level) => tree.levels[level])
    .filter(({ tables }) => tables.length > 0)
    .map(({ level, tables }) => `L${level}  ${tables.map(tableText).join(' ')}`);
}

/** Writes a choice in one line. */
export function describeChoice(choice: CompactionChoice): string {
  switch (choice.type) {
    case 'none':
      return choice.why;
    case 'move':
      return `move ${inputText(choice)} -> L${choice.outputLevel}${motiveText(choice)}`;
    case 'drop':
      return `drop ${choice.inputs.map(inputText).join(' + ')} (${choice.reason})`;
    case 'merge': {
      const inputs = choice.inputs.map(inputText).join(' + ');
      const boundaries = choice.outputBoundaries.map((key) => decodeText(key)).join(' ');
      const cuts = boundaries === '' ? '' : `, cut before ${boundaries}`;
      const drops = choice.dropTombstones ? ', without tombstones' : '';
      return `merge ${inputs} -> L${choice.outputLevel}${cuts}${drops}${motiveText(choice)}`;
    }
  }
}

function parseTable(word: string, busy: Set<number>): TableMetadata {
  const match = TABLE.exec(word);
  assert(match !== null, `not a table: ${word}`);
  const [, number, smallest, largest, size, tombstones, star] = match;
  const fileNumber = Number(number);
  if (star === '*') busy.add(fileNumber);
  return drawTable({
    fileNumber,
    smallestKey: encodeText(smallest),
    largestKey: encodeText(largest),
    sizeBytes: Number(size ?? 10),
    tombstoneCount: (Number(tombstones ?? 0) * ENTRY_COUNT) / 100,
  });
}

function tableText(table: TableMetadata): string {
  const keys = `${decodeText(table.smallestKey)}-${decodeText(table.largestKey)}`;
  const share = (table.tombstoneCount * 100) / table.entryCount;
  return `${table.fileNumber}[${keys} ${table.sizeBytes}${share === 0 ? '' : ` ${share}%`}]`;
}

function inputText({ level, tables }: LevelTables): string {
  return `L${level}[${tables.map(({ fileNumber }) => fileNumber).join(' ')}]`;
}

function motiveText({
  reason,
  score,
}: {
  readonly reason: string;
  readonly score: number;
}): string {
  return score === 0 ? ` (${reason})` : ` (${reason} ${score.toFixed(2)})`;
}
