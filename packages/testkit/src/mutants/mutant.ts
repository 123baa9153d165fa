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

/** A comment more, and no other difference: what no test may notice. `tests` are those it is tried on. */
export function canaryFor(tests: readonly string[]): Mutant {
  return {
    name: 'canary',
    rule: 'none: a runner that calls this one killed calls everything killed',
    file: 'engine/src/write/group-committer.ts',
    original: 'export class GroupCommitter {',
    replacement: '// This changes nothing.\nexport class GroupCommitter {',
    tests,
  };
}
