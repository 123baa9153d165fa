/** Measures two trees in turn, so that whatever changes meanwhile changes both. */
import type { Program, Sample } from './programs.js';
import { type Comparison, compare } from './verdict.js';

/** The roots of the two trees. */
export interface Trees {
  readonly old: string;
  readonly new: string;
}

/** What to measure, how often, and who is told. */
export interface InterleaveOptions {
  readonly trees: Trees;
  readonly repeatCount: number;
  /** A run begins. */
  readonly onRun: (run: { readonly name: string; readonly repetition: number }) => void;
  /** A program cannot run with the old tree, and why. */
  readonly onMissing: (name: string, reason: unknown) => void;
}

/** One line of the result; `comparison` is null for a figure that the old tree does not have. */
export interface ComparedFigure {
  readonly name: string;
  readonly comparison: Comparison | null;
}

/**
 * Runs a program `repeatCount` times with each tree: old new, new old, old new … Gives its figures compared.
 * A program that fails with the old tree asks about something that tree does not have, and is not run again with it;
 * errors of the new tree are thrown.
 */
export async function interleave(
  program: Program,
  options: InterleaveOptions,
): Promise<ComparedFigure[]> {
  const series: Record<Side, Map<string, number[]>> = { old: new Map(), new: new Map() };
  let isInOld = true;
  for (let repetition = 0; repetition < options.repeatCount; repetition++) {
    options.onRun({ name: program.name, repetition });
    for (const side of repetition % 2 === 0 ? OLD_FIRST : NEW_FIRST) {
      if (side === 'old' && !isInOld) continue;
      const samples = await runWith(program, side, options);
      if (samples === null) isInOld = false;
      else collect(series[side], samples);
    }
  }
  return [...series.new].map(([name, figures]) => ({
    name,
    comparison: comparisonOf(series.old.get(name), figures),
  }));
}

type Side = keyof Trees;
const OLD_FIRST = ['old', 'new'] as const;
const NEW_FIRST = ['new', 'old'] as const;

/** Gives null if the old tree cannot be asked. */
async function runWith(
  program: Program,
  side: Side,
  { trees, onMissing }: InterleaveOptions,
): Promise<Sample[] | null> {
  try {
    return await program.run(trees[side]);
  } catch (error) {
    if (side === 'new' || (error as Error).name === 'AbortError') throw error;
    onMissing(program.name, error);
    return null;
  }
}

function collect(series: Map<string, number[]>, samples: readonly Sample[]): void {
  for (const { name, nsPerOperation } of samples) {
    const figures = series.get(name) ?? [];
    figures.push(nsPerOperation);
    series.set(name, figures);
  }
}

/** Figures pair up only if both trees gave one every time. */
function comparisonOf(old: readonly number[] | undefined, fresh: readonly number[]) {
  return old?.length === fresh.length ? compare(old, fresh) : null;
}
