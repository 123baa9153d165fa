// Packs every published package with `npm pack`, installs the tarballs into an empty project with npm and with the newest
// pnpm, both without scripts, and runs the example of the README there. Needs a build and the package registry.
//
// Usage: node tools/build/check-packages.mjs [--json]

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks, readArguments } from '../hosts/checks.mjs';

const ROOT = new URL('../..', import.meta.url).pathname;
const PUBLISHED = [
  ...['base', 'vfs', 'bloom', 'sstable', 'engine'],
  ...['abstract-level', 'keyv', 'unstorage', 'cli'],
];
const EXPECTED_OUTPUT = [
  '{ born: 1815 }',
  'undefined',
  'user:grace 1906',
  'user:alan 1912',
  'user:ada 1815',
];

const checks = new Checks(readArguments('Usage: pnpm check:packages [--json]'));
const scratch = mkdtempSync(join(tmpdir(), 'varve-packages-'));
try {
  const tarballs = pack(join(scratch, 'tarballs'));
  const example = exampleOf(readFileSync(join(ROOT, 'README.md'), 'utf8'));
  await check('npm', tarballs, example, (directory) =>
    run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs], directory),
  );
  await check('pnpm 12', tarballs, example, (directory) =>
    run('npx', ['-y', 'pnpm@12', 'install', '--ignore-scripts'], directory),
  );
  checks.end('packages');
} finally {
  rmSync(scratch, { recursive: true });
}

function pack(directory) {
  mkdirSync(directory);
  for (const name of PUBLISHED) {
    run('npm', ['pack', '--pack-destination', directory], join(ROOT, 'packages', name));
  }
  return readdirSync(directory).map((file) => join(directory, file));
}

async function check(name, tarballs, example, install) {
  const directory = join(scratch, name.replace(' ', '-'));
  mkdirSync(directory);
  const files = Object.fromEntries(tarballs.map((path) => [nameOf(path), `file:${path}`]));
  const manifest = { name: 'scratch', private: true, type: 'module', dependencies: files };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest, null, 2));
  // The packages name each other by version; until they are published, the versions are these files.
  writeFileSync(join(directory, 'pnpm-workspace.yaml'), JSON.stringify({ overrides: files }));
  writeFileSync(join(directory, 'example.mjs'), example);
  await checks.run(`${name}: installs all tarballs without scripts`, () => {
    install(directory);
    return `${tarballs.length} packages`;
  });
  await checks.run(`${name}: the example of the README runs`, () => runExample(directory));
  await checks.run(`${name}: the command line answers`, () => {
    run('npx', ['--no-install', 'varve', '--help'], directory);
    return 'varve --help';
  });
}

function runExample(directory) {
  const output = run('node', ['example.mjs'], directory).trim().split('\n');
  if (JSON.stringify(output) !== JSON.stringify(EXPECTED_OUTPUT)) {
    throw new Error(`it printed\n${output.join('\n')}`);
  }
  return `${output.length} lines as expected`;
}

function nameOf(path) {
  const listed = execFileSync('tar', ['-xOf', path, 'package/package.json'], { encoding: 'utf8' });
  return JSON.parse(listed).name;
}

function exampleOf(readme) {
  const match = /<!-- example:[^>]*-->\s*```js\n([\s\S]*?)```/.exec(readme);
  if (match === null) throw new Error('Cannot find the example in README.md');
  return match[1];
}

function run(command, words, directory) {
  return execFileSync(command, words, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
