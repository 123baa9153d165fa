import { createRandom, EntryKind } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { DROP, DropRules, KEEP, KEEP_WITHOUT_SEQUENCE } from './drop-rules.js';

const MARKS = { [KEEP]: 'keep', [DROP]: '-', [KEEP_WITHOUT_SEQUENCE]: 'keep as 0' };

/** One version in a table: its sequence, with a `d` behind it if it is a delete. */
interface TestVersion {
  readonly sequence: number;
  readonly isDelete: boolean;
}

function parse(text: string): TestVersion[] {
  return text.split(' ').map((word) => ({
    sequence: Number.parseInt(word, 10),
    isDelete: word.endsWith('d'),
  }));
}

function kindOf({ isDelete }: TestVersion): number {
  return isDelete ? EntryKind.delete : EntryKind.put;
}

function verdicts(
  versions: readonly TestVersion[],
  snapshots: readonly number[],
  reach: 'bottom' | 'above',
): string[] {
  const rules = new DropRules(snapshots, reach);
  rules.startKey();
  return versions.map((version) => MARKS[rules.judge(version.sequence, kindOf(version))]);
}

describe('DropRules', () => {
  // Versions of one key, newest first, and what becomes of each.
  test.each`
    snapshots | versions          | above                       | bottom
    ${[]}     | ${'9'}            | ${'keep'}                   | ${'keep as 0'}
    ${[]}     | ${'9 8 7'}        | ${'keep, -, -'}             | ${'keep as 0, -, -'}
    ${[]}     | ${'9d'}           | ${'keep'}                   | ${'-'}
    ${[]}     | ${'9d 8 7d'}      | ${'keep, -, -'}             | ${'-, -, -'}
    ${[]}     | ${'9 8d 7'}       | ${'keep, -, -'}             | ${'keep as 0, -, -'}
    ${[8]}    | ${'9 8 7'}        | ${'keep, keep, -'}          | ${'keep, keep as 0, -'}
    ${[7]}    | ${'9 8 7'}        | ${'keep, -, keep'}          | ${'keep, -, keep as 0'}
    ${[9]}    | ${'9 8 7'}        | ${'keep, -, -'}             | ${'keep as 0, -, -'}
    ${[10]}   | ${'9 8 7'}        | ${'keep, -, -'}             | ${'keep as 0, -, -'}
    ${[6]}    | ${'9 8 7'}        | ${'keep, -, -'}             | ${'keep, -, -'}
    ${[8]}    | ${'9d 8d 7'}      | ${'keep, keep, -'}          | ${'keep, -, -'}
    ${[8]}    | ${'9d 8 7'}       | ${'keep, keep, -'}          | ${'keep, keep as 0, -'}
    ${[6]}    | ${'9d 8 7'}       | ${'keep, -, -'}             | ${'keep, -, -'}
    ${[3, 6]} | ${'9 6 5 3 2'}    | ${'keep, keep, -, keep, -'} | ${'keep, keep, -, keep as 0, -'}
    ${[3, 6]} | ${'9d 6d 5 3d 2'} | ${'keep, keep, -, keep, -'} | ${'keep, keep, -, -, -'}
    ${[3, 6]} | ${'7 4 4 2'}      | ${'keep, keep, -, keep'}    | ${'keep, keep, -, keep as 0'}
  `('$versions with snapshots $snapshots', ({ snapshots, versions, above, bottom }) => {
    expect(verdicts(parse(versions), snapshots, 'above').join(', ')).toBe(above);
    expect(verdicts(parse(versions), snapshots, 'bottom').join(', ')).toBe(bottom);
  });

  test('starts anew with every key', () => {
    const rules = new DropRules([], 'above');
    for (let key = 0; key < 3; key++) {
      rules.startKey();
      expect(rules.judge(5 - key, EntryKind.put)).toBe(KEEP);
      expect(rules.judge(1, EntryKind.put)).toBe(DROP);
    }
  });

  test.each(Array.from({ length: 300 }, (_, index) => 0xd209 + index))(
    'leaves what every snapshot and everybody later sees as it was (seed %i)',
    (seed) => {
      // Above the bottom, older versions of the key may lie deeper: one that every reader would see if all of the merge's
      // versions were gone stands for them.
      const random = createRandom(seed);
      const reach = random.below(2) === 0 ? 'bottom' : 'above';
      const sequences = new Set(
        Array.from({ length: random.below(12) }, () => 10 + random.below(30)),
      );
      const versions = [...sequences]
        .sort((a, b) => b - a)
        .map((sequence) => ({ sequence, isDelete: random.below(3) === 0 }));
      const snapshots = [
        ...new Set(Array.from({ length: random.below(5) }, () => random.below(50))),
      ];
      snapshots.sort((a, b) => a - b);
      const rules = new DropRules(snapshots, reach);
      rules.startKey();
      const kept: (TestVersion & { readonly original: number })[] = [];
      for (const version of versions) {
        const verdict = rules.judge(version.sequence, kindOf(version));
        if (verdict === DROP) continue;
        const sequence = verdict === KEEP_WITHOUT_SEQUENCE ? 0 : version.sequence;
        kept.push({ ...version, sequence, original: version.sequence });
      }
      const deeper = reach === 'above' ? 'deeper' : undefined;
      const visibleBefore = (at: number): string | undefined => {
        const version = versions.find(({ sequence }) => sequence <= at);
        if (version === undefined) return deeper;
        return version.isDelete ? undefined : `v${version.sequence}`;
      };
      const visibleAfter = (at: number): string | undefined => {
        const version = kept.find(({ sequence }) => sequence <= at);
        if (version === undefined) return deeper;
        return version.isDelete ? undefined : `v${version.original}`;
      };
      for (const at of [...snapshots, 50, 1000]) {
        expect(visibleAfter(at), `seen at ${at}`).toBe(visibleBefore(at));
      }
      // As few as possible: one version for each reader at most.
      expect(kept.length).toBeLessThanOrEqual(snapshots.length + 1);
      const orders = kept.map(({ sequence }) => sequence);
      expect(orders).toEqual([...new Set(orders)].sort((a, b) => b - a));
    },
  );
});
