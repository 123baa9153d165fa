// The picker, shown on trees drawn as text: every file in testdata/picker holds cases of the form
//
//   # what the case is about
//   command option=value ...
//   L0  9[a-m 40] 8[c-z]
//   ----
//   the answer
//
// `setAside=1,2` is the row T9: tables that could not be merged.
//
// Commands: `pick`, `range level keys`, `targets`. Drawings are described in testing/tree-text.ts. Sizes
// are small: a table should have 10, the base level 100. `vitest -u` writes the answers anew.

import { readdirSync, readFileSync } from 'node:fs';
import { encodeText } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { levelTargets, levelZeroScore, pendingCompactionBytes } from './level-targets.js';
import { pickCompaction } from './leveled-picker.js';
import { type PickerOptions, resolvePickerOptions } from './picker-options.js';
import { pickRange } from './range-picker.js';
import { type DrawnTree, describeChoice, parseTree } from './testing/tree-text.js';

const CASES = new URL('./testdata/picker/', import.meta.url);
const SEPARATOR = '----';

/** Gives the file with every answer replaced by what is answered now. */
function answered(text: string): string {
  return text
    .split('\n\n')
    .map((part) => {
      const lines = part.trimEnd().split('\n');
      const end = lines.indexOf(SEPARATOR);
      if (end < 0) return part.trimEnd();
      const question = lines.slice(0, end).filter((line) => !line.startsWith('#'));
      return [...lines.slice(0, end + 1), ...answer(question)].join('\n');
    })
    .join('\n\n')
    .concat('\n');
}

function answer([command, ...drawing]: readonly string[]): string[] {
  const words = command.split(' ');
  const options = optionsOf(words.filter((word) => word.includes('=')));
  const [verb, level, keys = '-'] = words.filter((word) => !word.includes('='));
  const drawn = parseTree(drawing);
  switch (verb) {
    case 'pick':
      return [describeChoice(pickCompaction(drawn.tree, options, drawn.busy))];
    case 'range':
      return [describeChoice(pickRange(drawn.tree, options, rangeRequest(drawn, level, keys)))];
    case 'targets':
      return describeTargets(drawn, options);
    default:
      throw new Error(`no such command: ${command}`);
  }
}

function optionsOf(words: readonly string[]): PickerOptions {
  const given = words.map((word) => {
    const [name, value] = word.split('=');
    return [name, name === 'setAside' ? new Set(value!.split(',').map(Number)) : Number(value)];
  });
  return resolvePickerOptions({
    targetTableSizeBytes: 10,
    levelBaseSizeBytes: 100,
    ...Object.fromEntries(given),
  });
}

function rangeRequest({ busy }: DrawnTree, level: string, keys: string) {
  const [smallest, largest] = keys.split('-');
  return {
    level: Number(level.slice(1)),
    busy,
    ...(smallest !== '' && { smallest: encodeText(smallest) }),
    ...(largest !== '' && { largest: encodeText(largest) }),
  };
}

function describeTargets({ tree }: DrawnTree, options: PickerOptions): string[] {
  const { baseLevel, targetSizeBytes } = levelTargets(tree, options);
  const targets = targetSizeBytes.map((size, level) => `L${level} ${size}`).slice(1);
  return [
    `base L${baseLevel}: ${targets.join(', ')}`,
    `level 0: ${tree.levels[0].runCount} runs, score ${levelZeroScore(tree, options).toFixed(2)}`,
    `pending: ${pendingCompactionBytes(tree, options)}`,
  ];
}

describe('pickCompaction', () => {
  test.each(readdirSync(CASES))('T9 and all else: answers as written in %s', async (name) => {
    const text = readFileSync(new URL(name, CASES), 'utf8');
    await expect(answered(text)).toMatchFileSnapshot(`testdata/picker/${name}`);
  });
});

describe('resolvePickerOptions', () => {
  test('derives sizes from the size of a table', () => {
    expect(resolvePickerOptions({ targetTableSizeBytes: 1_000 })).toMatchObject({
      levelBaseSizeBytes: 8_000,
      compactionSizeBytesMax: 25_000,
      deeperOverlapSizeBytesMax: 10_000,
    });
    expect(resolvePickerOptions().targetTableSizeBytes).toBe(33_554_432);
  });

  test.each<Partial<PickerOptions>>([
    { targetTableSizeBytes: 0 },
    { levelZeroRunTrigger: 0 },
    { levelBaseSizeBytes: 0 },
    { levelSizeMultiplier: 1.5 },
    { compactionSizeBytesMax: -1 },
    { deeperOverlapSizeBytesMax: -1 },
    { tombstoneShareMin: 0 },
    { tombstoneShareMin: 1.1 },
    { tombstoneCountMin: 0 },
    { oldestSnapshotSequence: -1 },
    { targetTableSizeBytes: Number.NaN },
  ])('refuses %j', (given) => {
    expect(() => resolvePickerOptions(given)).toThrow(RangeError);
  });
});
