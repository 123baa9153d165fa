// What is printed about a failing case, and what is kept of it: where it failed, how little is needed for it, and the one
// command that shows it again.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '@varve/base';
import type { MemoryFileSystem } from '@varve/vfs';
import { DATABASE_PATH } from './machine.js';
import { describeOperation } from './operation.js';
import { runCase } from './run.js';
import type { SimulationCase } from './simulation-case.js';
import type { Failure } from './try-seed.js';

/** Shown at most. */
const OPERATION_COUNT_MAX = 40;
const UNSYNCED_COUNT_MAX = 8;
const LINE_LENGTH_MAX = 300;

/** Gives the seed as it is printed and read. */
export function seedText(seed: number): string {
  return `0x${seed.toString(16).padStart(8, '0')}`;
}

/** Gives the report of a failure; `casePath` is where its case was written. */
export function reportOf({ original, shrunk }: Failure, casePath: string): string {
  const { seed, profile, policy, model } = shrunk.simulation;
  const { violation, stepCount, lastOperation, choices } = shrunk.result;
  const { image } = violation;
  const unsynced = image?.unsynced.slice(0, UNSYNCED_COUNT_MAX).join(', ');
  const was = original.result.violation.message;
  return [
    `SIM FAIL  seed=${seedText(seed)}  profile=${profile}  policy=${policy}  model=${model ?? 'all'}  node=${process.version}`,
    `  at step ${stepCount} / op ${lastOperation?.id ?? 'none'}${image === null ? '' : `  crash image: ${image.place}`}`,
    `  ${violation.message}`,
    ...(was === violation.message ? [] : [`  before it was shrunk: ${was}`]),
    ...(image === null
      ? []
      : [`  unsynced at the crash: ${unsynced === '' ? 'nothing' : unsynced}`]),
    `  shrunk: ${original.simulation.operations.length} -> ${shrunk.simulation.operations.length} operations, ${original.result.choices.size} -> ${choices.size} choices`,
    ...shrunk.simulation.operations
      .slice(0, OPERATION_COUNT_MAX)
      .map((operation) => describeOperation(operation).slice(0, LINE_LENGTH_MAX)),
    `  replay: ${replayCommand(casePath)}`,
  ].join('\n');
}

function replayCommand(casePath: string): string {
  return `node packages/testkit/dist/simulation/main.js --replay ${casePath}`;
}

/** Writes the case, its trace, its report and the image it failed on to a folder; gives the report. */
export async function keepFailure(failure: Failure, folder: string): Promise<string> {
  const { simulation, result } = failure.shrunk;
  const place = join(folder, simulation.seed.toString(16).padStart(8, '0'));
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const casePath = join(place, 'case.json');
  const report = reportOf(failure, casePath);
  writeFileSync(casePath, caseText(simulation));
  writeFileSync(join(place, 'report.txt'), `${report}\n`);
  const { trace } = await runCase(simulation, { trace: 'lines' });
  writeFileSync(join(place, 'trace.txt'), `${trace.join('\n')}\n`);
  if (result.violation.image !== null)
    keepImage(result.violation.image.files, join(place, 'image'));
  return report;
}

/** A case as it is kept in a file: one operation on a line. */
export function caseText({ operations, ...rest }: SimulationCase): string {
  const lines = operations.map((operation) => `  ${JSON.stringify(operation)}`).join(',\n');
  return `${JSON.stringify(rest).slice(0, -1)},"operations":[\n${lines}\n]}\n`;
}

function keepImage(image: MemoryFileSystem, folder: string): void {
  const files = image.crash('kill', createRandom(0));
  if (!files.existsSync(DATABASE_PATH)) return;
  mkdirSync(folder, { recursive: true });
  for (const name of files.listSync(DATABASE_PATH)) {
    const file = files.openSync(`${DATABASE_PATH}/${name}`, 'read');
    const bytes = new Uint8Array(file.sizeSync());
    file.readSync(bytes, 0, bytes.length, 0);
    file.closeSync();
    writeFileSync(join(folder, name), bytes);
  }
}
