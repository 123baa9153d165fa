/** The programs that can be run against either tree, and the figures they print. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { matchingNames, meansMicrobenchmark } from '../micro/registry.js';
import { TREE_VARIABLE } from '../micro/rooms.js';
import type { BenchmarkResult } from '../results/result.js';
import type { RunCommand } from './command.js';

const PROGRAMS = join(import.meta.dirname, '..');
const HOOK = pathToFileURL(join(import.meta.dirname, 'tree-hook.js')).href;
const COSTS = 'costs';
const OWN_ENGINES = 'varve-sync,varve-async';

/** One figure of one run: what one operation costs. */
export interface Sample {
  readonly name: string;
  readonly nsPerOperation: number;
}

/** Something to run in a fresh process, with the packages of the tree at `root`. */
export interface Program {
  readonly name: string;
  run(root: string): Promise<Sample[]>;
}

/** How programs are run. */
export interface ProgramOptions {
  readonly run: RunCommand;
  /** Words handed on to workloads and costs, such as `--num`. */
  readonly words: readonly string[];
  /** Whether microbenchmarks measure for a tenth of the time. */
  readonly pace: 'full' | 'quick';
}

/**
 * The programs that words mean: names of microbenchmarks or first parts of them, `costs` for what each operation costs,
 * and otherwise workloads of the harness. All microbenchmarks if there is no word.
 */
export function programsFor(benches: readonly string[], options: ProgramOptions): Program[] {
  const micros = benches.filter(meansMicrobenchmark);
  const others = benches.filter((bench) => !micros.includes(bench));
  const names = benches.length === 0 || micros.length > 0 ? matchingNames(micros) : [];
  return [
    ...names.map((name) => microProgram(name, options)),
    ...others.map((name) =>
      name === COSTS ? costsProgram(options) : workloadProgram(name, options),
    ),
  ];
}

function microProgram(name: string, { run, pace }: ProgramOptions): Program {
  const words = [join(PROGRAMS, 'micro/one.js'), name, ...(pace === 'quick' ? ['--quick'] : [])];
  return {
    name,
    async run(root) {
      const environment = { [TREE_VARIABLE]: root };
      return [JSON.parse(await run(process.execPath, words, { directory: root, environment }))];
    },
  };
}

function costsProgram({ run, words }: ProgramOptions): Program {
  const program = [join(PROGRAMS, 'operation-costs.js'), '--json', ...words];
  return {
    name: COSTS,
    async run(root) {
      const output = await run(process.execPath, program, hooked(root));
      return jsonLines<{ operation: string; microseconds: number }>(output).map((cost) => ({
        name: cost.operation,
        nsPerOperation: cost.microseconds * 1000,
      }));
    },
  };
}

function workloadProgram(name: string, { run, words }: ProgramOptions): Program {
  return {
    name,
    async run(root) {
      const directory = mkdtempSync(join(tmpdir(), 'varve-compare-'));
      try {
        const file = join(directory, 'results.jsonl');
        const asked = ['--engines', OWN_ENGINES, '--repeat', '1', ...words, '--json', file];
        await run(process.execPath, [join(PROGRAMS, 'main.js'), name, ...asked], hooked(root));
        return jsonLines<BenchmarkResult>(readFileSync(file, 'utf8')).flatMap(sampleOf);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

function sampleOf({
  workload,
  engine,

  opsPerSecond,
  skipped,
}: BenchmarkResult): Sample[] {
  if (skipped !== undefined || opsPerSecond === 0) return [];
  return [{ name: `${workload} ${engine}`, nsPerOperation: 1e9 / opsPerSecond }];
}

/** Children of the program inherit the hook along with the variables. */
function hooked(root: string) {
  const options = [process.env['NODE_OPTIONS'], `--import=${HOOK}`].filter(Boolean).join(' ');
  return { directory: root, environment: { [TREE_VARIABLE]: root, NODE_OPTIONS: options } };
}

function jsonLines<Line>(text: string): Line[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line));
}
