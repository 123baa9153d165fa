// Runs the engine on each runtime there is a package for: Node.js 20, 24, 26, Bun, Deno.
//
// On each: the exercise, the exercise inside a worker thread, and two processes about one database, of which the first is
// killed. Our packages are installed as tarballs, the runtimes into node_modules/.cache, all without scripts.
// Requires: a build. Usage: node tools/hosts/check-runtimes.mjs [--json]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { run } from '../build/pack.mjs';
import { Checks, readArguments } from './checks.mjs';
import { describeReport } from './reports.mjs';
import { bunOf, denoOf, nodeOf } from './runtimes.mjs';
import { withProject } from './scratch.mjs';

/** Writes that must have been acknowledged before the process that makes them is killed. */
const WRITE_COUNT_MIN = 1_000;

/** All that the engine needs; the exercise asks for the temporary directory, hence the environment. */
const FEW_PERMISSIONS = [
  '--no-prompt',
  '--allow-read',
  '--allow-write',
  '--allow-run=flock',
  '--allow-sys=hostname',
  '--allow-env',
];

const RUNTIMES = [
  { name: 'Node.js 20', command: () => nodeOf('20') },
  { name: 'Node.js 24', command: () => nodeOf('24') },
  { name: 'Node.js 26', command: () => nodeOf('26') },
  { name: 'Bun 1', command: () => bunOf('1') },
  { name: 'Deno 2', command: () => denoOf('2') },
  { name: 'Deno 2, few permissions', command: () => denoOf('2', FEW_PERMISSIONS) },
];

const options = readArguments('Usage: pnpm check:runtimes [--json]');
const checks = new Checks(options);
await withProject({}, async (project) => {
  for (const runtime of RUNTIMES) await checkRuntime(project, runtime);
});
checks.end('runtimes');

async function checkRuntime(project, { name, command }) {
  const start = (...words) => {
    const [program, ...flags] = command();
    return run(program, [...flags, ...words], project);
  };
  await checks.run(`${name}: main thread`, () => describeReport(start('engine.mjs'), 2));
  await checks.run(`${name}: inside a worker`, () =>
    describeReport(start('in-worker.mjs', 'engine.mjs'), 2),
  );
  await checks.run(`${name}: CommonJS`, () => describeReport(start('engine.cjs'), 2));
  await checks.run(`${name}: VarveLevel`, () => describeReport(start('level.mjs'), 2));
  await checks.run(`${name}: VarveLevel inside a worker`, () =>
    describeReport(start('in-worker.mjs', 'level.mjs'), 2),
  );
  await checks.run(`${name}: VarveLevel, CommonJS`, () => describeReport(start('level.cjs'), 2));
  await checks.run(`${name}: lock and kill`, () => lockAndKill(project, command()));
}

/** While one process writes, another is refused; once it is killed, the other finds what was acknowledged. */
async function lockAndKill(project, [program, ...flags]) {
  const directory = join(project, `data-${flags.length}-${program.replaceAll(/\W+/g, '-')}`);
  const holder = spawn(program, [...flags, 'holder.mjs', directory], { cwd: project });
  const exited = once(holder, 'exit');
  const acknowledged = await countWrites(holder);
  const refusal = run(program, [...flags, 'successor.mjs', directory], project).trim();
  holder.kill('SIGKILL');
  await exited;
  const found = run(program, [...flags, 'successor.mjs', directory], project).trim();
  if (refusal !== 'LOCKED') throw new Error(`The second process was not refused: ${refusal}`);
  if (!(Number(found) >= acknowledged)) {
    throw new Error(`${acknowledged} writes were acknowledged, then there was: ${found}`);
  }
  return `refused while held, ${found} writes after the kill (${acknowledged} acknowledged at least)`;
}

/** How many writes a process has acknowledged, once that is enough. It goes on writing. */
function countWrites(holder) {
  return new Promise((resolve, reject) => {
    let said = '';
    let printed = '';
    holder.stderr.on('data', (text) => {
      said += text;
    });
    holder.stdout.on('data', (text) => {
      printed += text;
      const count = Number(printed.slice(0, printed.lastIndexOf('\n')).split('\n').at(-1));
      if (count >= WRITE_COUNT_MIN) resolve(count);
    });
    holder.on('exit', () => reject(new Error(`The process that writes ended by itself: ${said}`)));
  });
}
