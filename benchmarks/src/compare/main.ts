/**
 * Compares the working tree with another revision: `pnpm bench:compare REV`, with `--help` for the options.
 *
 * The revision is checked out into a temporary worktree and built there; then both are measured in turn, each time in a
 * fresh process, by the programs of the working tree.
 *
 * Exit codes: 0 when all was measured, 1 when something is slower than `--fail-above` allows or the comparison failed,
 * 130 when interrupted.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { commandRunner, type RunCommand } from './command.js';
import { type ComparedFigure, interleave } from './interleave.js';
import { type CompareOptions, parseOptions } from './options.js';
import { isSlowerBy, jsonOf, renderComparison } from './output.js';
import { programsFor } from './programs.js';
import { installAndBuild, withWorktree } from './worktree.js';

const ROOT = realpathSync(join(import.meta.dirname, '../../..'));
const EXIT_CODE = { slower: 1, interrupted: 130 } as const;

const interruption = new AbortController();
// Also the second time: cleaning up must not be cut short.
process.on('SIGINT', () => interruption.abort());
process.on('SIGTERM', () => interruption.abort());

try {
  process.exitCode = await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!interruption.signal.aborted) throw error;
  process.exitCode = EXIT_CODE.interrupted;
}

async function main(options: CompareOptions): Promise<number> {
  const run = commandRunner(interruption.signal);
  tell(`Checking out and building ${options.revision}`);
  const figures = await withWorktree(options.revision, {
    ...{ root: ROOT, run },
    prepare: (path) => installAndBuild(path, { root: ROOT, run }),
    use: (path) => measureBoth(path, options, run),
  });
  console.log(options.format === 'json' ? jsonOf(figures) : renderComparison(figures));
  const { failAbove } = options;
  const failed = failAbove !== null && figures.some((figure) => isSlowerBy(failAbove, figure));
  return failed ? EXIT_CODE.slower : 0;
}

async function measureBoth(
  oldRoot: string,
  { benches, repeatCount, pace, words }: CompareOptions,
  run: RunCommand,
): Promise<ComparedFigure[]> {
  const figures: ComparedFigure[] = [];
  for (const program of programsFor(benches, { run, words, pace })) {
    const compared = await interleave(program, {
      ...{ trees: { old: oldRoot, new: ROOT }, repeatCount },
      onRun: ({ name, repetition }) => tell(`${name} ${repetition + 1}/${repeatCount}`),
      onMissing: (name, reason) => tell(`${name} cannot run with the old revision: ${reason}`),
    });
    figures.push(...compared);
  }
  return figures;
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
