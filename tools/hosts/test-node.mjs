// Runs the tests of the project on another version of Node.js, which a package of the registry brings.
//
// The version is installed into node_modules/.cache, once. Everything after it goes to vitest.
// Requires: a build. Usage: node tools/hosts/test-node.mjs VERSION [vitest arguments…]

import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { nodeOf } from './runtimes.mjs';

const ROOT = join(import.meta.dirname, '../..');
const [version, ...words] = process.argv.slice(2);
const USAGE =
  'Usage: pnpm test:node VERSION [vitest arguments…], such as: pnpm test:node 24 --reporter=json';
if (version === '--help' || version === '-h') {
  console.log(USAGE);
  process.exit(0);
}
if (version === undefined || !/^\d+(\.\d+){0,2}$/.test(version)) {
  console.error(`error: the first word must be a version of Node.js\n${USAGE}`);
  process.exit(2);
}
const [node] = nodeOf(version);
// Tests start processes by the name `node` too.
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
const said = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
console.error(`Testing on Node.js ${said}`);
const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
const { status } = spawnSync(node, [vitest, 'run', ...words], { cwd: ROOT, env, stdio: 'inherit' });
console.error(`tests on Node.js ${said}: ${status === 0 ? 'passed' : 'failed'}`);
process.exitCode = status ?? 1;
