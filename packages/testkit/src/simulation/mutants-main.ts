// How good the simulation is at finding faults and making them small (B26): plants one fault after the other in a copy of
// the workspace, looks for a seed that shows it, shrinks what fails, and replays both.
//
//   node packages/testkit/dist/simulation/mutants-main.js [name…]
//
// Exit code 1 if what failed did not fail again in the same way, or was not small within the time. That a fault is not found
// is no failure of this program: there are others that look for it (see mutants).

import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@varve/base';
import { program, wholeNumber } from '../command-line.js';
import { MUTANTS } from '../mutants/list.js';
import type { Mutant } from '../mutants/mutant.js';
import { WorkspaceCopy } from '../mutants/workspace-copy.js';
import type { Judgement } from './judge-main.js';
import { SMALL_OPERATION_COUNT } from './shrink-case.js';

const command = program(
  'pnpm sim:mutants',
  'Plants faults, and looks for them by simulations alone.',
)
  .argument('[names...]', 'the planted faults to try (all)')
  .option('--from <count>', 'skip as many', wholeNumber, 0)
  .option('--count <count>', 'try at most as many', wholeNumber, 1000)
  .option('--seeds <count>', 'seeds to look through for each', wholeNumber, 60)
  .option('--failures <count>', 'failing seeds to look for, for each', wholeNumber, 1)
  .option('--shrink <ms>', 'how long a failing case is made smaller', wholeNumber, 60_000)
  .option('--limit <ms>', 'time limit of one planted fault', wholeNumber, 300_000)
  .option('--json', 'print each outcome as a line of JSON')
  .parse();
const positionals = command.args;
const values = command.opts<{
  from: number;
  count: number;
  seeds: number;
  failures: number;
  shrink: number;
  limit: number;
  json?: true;
}>();

/** One file of everything, from the sources. */
const BUNDLE = {
  input: 'packages/testkit/src/simulation/judge-main.ts',
  platform: 'node',
  resolve: { conditionNames: ['source', 'import', 'node', 'default'] },
  // A CommonJS package that looks for a file beside itself: found from the folder of the package that uses it.
  external: ['lz4-wasm-nodejs'],
  output: { dir: 'packages/sstable/judge', format: 'esm' },
} as const;
/** As a shell reports a program that was interrupted. */
const INTERRUPTED = 130;

process.exitCode = await main();

async function main(): Promise<number> {
  const copy = new WorkspaceCopy(fileURLToPath(new URL('../../../../', import.meta.url)));
  process.once('exit', () => copy.remove());
  process.once('SIGINT', () => process.exit(INTERRUPTED));
  const mutants = chosenMutants();
  let foundCount = 0;
  let badCount = 0;
  for (const mutant of mutants) {
    const judgements = await copy.withMutant(mutant, () => judge(copy.path));
    if (judgements.some((one) => one === null || one.seed !== null)) foundCount++;
    for (const judgement of judgements) {
      if (judgement !== null && judgement.seed !== null && !isGood(judgement)) badCount++;
      console.log(
        values.json
          ? JSON.stringify({ name: mutant.name, ...judgement })
          : lineOf(mutant, judgement),
      );
    }
  }
  console.log(
    `${foundCount} of ${mutants.length} planted faults found within ${values.seeds} seeds each; ${badCount} of their failures not replayed, or not shrunk to ${SMALL_OPERATION_COUNT} operations`,
  );
  return badCount === 0 ? 0 : 1;
}

function isGood({ isReplayed, operationCount }: Judgement): boolean {
  return isReplayed && operationCount <= SMALL_OPERATION_COUNT;
}

function lineOf({ name }: Mutant, judgement: Judgement | null): string {
  const start = name.padEnd(40);
  if (judgement === null) return `${start} hangs or ends the process`;
  const { seed, seedCount, searchMs, shrinkMs, operationCount, isReplayed, message } = judgement;
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  if (seed === null) return `${start} not found in ${seedCount} seeds, ${seconds(searchMs)}`;
  return [
    `${start} seed ${seed} in ${seconds(searchMs)}, ${operationCount} operations in ${seconds(shrinkMs)}`,
    isReplayed ? 'replayed' : 'NOT REPLAYED',
    message.split('\n')[0]!.slice(0, 100),
  ].join(', ');
}

function chosenMutants(): readonly Mutant[] {
  const unknown = positionals.find((name) => !MUTANTS.some((mutant) => mutant.name === name));
  if (unknown !== undefined) throw new RangeError(`There is no mutant ${unknown}`);
  const named = MUTANTS.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  const first = values.from;
  return named.slice(first, first + values.count);
}

/** Builds the simulation of the copy as one file and runs it; null for what does not come to an end. */
async function judge(path: string): Promise<(Judgement | null)[]> {
  const configPath = join(path, 'judge.config.mjs');
  writeFileSync(configPath, `export default ${JSON.stringify(BUNDLE)};\n`);
  const bundler = join(path, 'node_modules/rolldown/bin/cli.mjs');
  const bundling = spawnSync(process.execPath, [bundler, '-c', configPath], {
    cwd: path,
    encoding: 'utf8',
  });
  if (bundling.status !== 0) throw new Error(`It cannot be built: ${bundling.stderr}`);
  const output = await outputOf(join(path, BUNDLE.output.dir, 'judge-main.js'));
  const lines = output.split('\n').filter((text) => text.startsWith('{'));
  return lines.length === 0 ? [null] : lines.map((line) => JSON.parse(line) as Judgement);
}

function outputOf(judgePath: string): Promise<string> {
  const words = [values.seeds, values.shrink, values.failures].map(String);
  const child = spawn(process.execPath, [judgePath, ...words], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const stop = (): void => void child.kill('SIGKILL');
  process.once('exit', stop);
  const timer = systemClock.delay(values.limit, stop);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      process.removeListener('exit', stop);
      timer.cancel();
      resolve(output);
    });
  });
}
