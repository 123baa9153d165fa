// What a planted fault is: one rule of the engine, broken in one place, and the tests that ought to notice.

/** One planted fault. */
export interface Mutant {
  /** Short, unique, and what the runner is asked for it by. */
  readonly name: string;
  /** The rule that it breaks, with the row of the fault tables that states it, if there is one. */
  readonly rule: string;
  /** Where, below `packages`. */
  readonly file: string;
  /** Occurs exactly once in the file; otherwise the list is stale. */
  readonly original: string;
  /** What stands there instead. */
  readonly replacement: string;
  /** The cheapest tests that ought to fail, below `packages`. */
  readonly tests: readonly string[];
  /** Only tests whose name matches this are run. */
  readonly testName?: string;
}

/** Gives the source with the fault in it. Throws `RangeError` unless the original text occurs exactly once. */
export function applyMutant(source: string, { name, file, original, replacement }: Mutant): string {
  const count = source.split(original).length - 1;
  if (count !== 1 || original === replacement) {
    const found = `its text occurs ${count} times in ${file}`;
    throw new RangeError(`Cannot apply mutant ${name}: the list is stale, ${found}`);
  }
  return source.replace(original, () => replacement);
}

/**
 * Changes nothing but a comment, which no test may notice: one canary for each way in which the tests of `mutants` are
 * run, with all the tests that are run in that way.
 */
export function canariesFor(mutants: readonly Mutant[]): readonly Mutant[] {
  const names = new Set(mutants.map(({ testName }) => testName));
  return [...names].map((testName) => {
    const alike = mutants.filter((mutant) => mutant.testName === testName);
    const tests = [...new Set(alike.flatMap((mutant) => mutant.tests))];
    return testName === undefined ? { ...CANARY, tests } : { ...CANARY, tests, testName };
  });
}

const CANARY: Mutant = {
  name: 'canary',
  rule: 'none: a runner that calls this one killed calls everything killed',
  file: 'engine/src/write/group-committer.ts',
  original: 'export class GroupCommitter {',
  replacement: '// This changes nothing.\nexport class GroupCommitter {',
  tests: [],
};
