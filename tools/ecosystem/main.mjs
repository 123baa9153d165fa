// Runs projects that speak abstract-level on Varve and on classic-level, each by its own tests.
//
// Everything is installed from the registry into a temporary directory, without scripts, our packages from tarballs. The
// package `level` is replaced by one that gives the engine under test (level/), so the projects run as they are published.
// Requires: a build. Usage: node tools/ecosystem/main.mjs [project…] [--json] [--keep]
//
// Exit code 1 when a test that passes on classic-level fails on Varve, or a project did not run at all.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ENGINE_PACKAGES, packInto, run } from '../build/pack.mjs';
import { fromLib0, fromMocha, fromReport, fromTap } from './outcomes.mjs';

const USAGE = 'Usage: pnpm ecosystem [project…] [--json] [--keep]';
const ENGINES = ['varve', 'classic-level'];
const TIMEOUT_MS = 600_000;
const OUTPUT_SIZE_BYTES_MAX = 256 * 1024 * 1024;

const DEPENDENCIES = {
  '@ethereumjs/mpt': '10.1.3',
  '@ethereumjs/util': '10.1.3',
  'abstract-level': '3.1.1',
  'aedes-persistence': '11.0.0',
  'aedes-persistence-level': '9.2.0',
  'blockstore-level': '4.0.1',
  chai: '4.5.0',
  'chai-as-promised': '7.1.2',
  'chai-bites': '0.3.1',
  'chai-parentheses': '0.0.2',
  'chai-string': '1.6.0',
  'chai-subset': '1.6.0',
  'classic-level': '3.0.0',
  'datastore-core': '12.0.1',
  'datastore-level': '13.0.1',
  'interface-blockstore-tests': '9.0.1',
  'interface-datastore': '10.0.1',
  'interface-datastore-tests': '7.0.1',
  mocha: '11.7.4',
  mqemitter: '7.1.0',
  tape: '5.9.0',
  'y-leveldb': '0.2.0',
  yjs: '13.6.33',
};

const MOCHA = ['node_modules/mocha/bin/mocha.js', '--reporter=json', '--timeout=60000'];
const TAP = ['--test', '--test-reporter=tap'];

/** Name, the suite it is held to, what to run, and how to read what that prints. */
const PROJECTS = [
  {
    name: 'abstract-level',
    suite: 'its suite for databases',
    words: ['projects/abstract-level.mjs'],
    read: fromReport,
  },
  {
    name: 'datastore-level',
    suite: 'interface-datastore-tests',
    words: [...MOCHA, 'projects/datastore-level.mjs'],
    read: fromMocha,
  },
  {
    name: 'blockstore-level',
    suite: 'interface-blockstore-tests',
    words: [...MOCHA, 'projects/blockstore-level.mjs'],
    read: fromMocha,
  },
  {
    name: 'datastore-core',
    suite: 'interface-datastore-tests, 5 composed stores',
    words: [...MOCHA, 'projects/datastore-core.mjs'],
    read: fromMocha,
  },
  {
    name: 'aedes-persistence-level',
    suite: 'its own, with aedes-persistence/abstract',
    words: [...TAP, 'node_modules/aedes-persistence-level/test/test.js'],
    read: fromTap,
  },
  {
    name: '@ethereumjs/mpt',
    suite: 'random workload, roots against MapDB',
    words: ['projects/mpt.mjs'],
    read: fromReport,
  },
  {
    name: 'y-leveldb',
    suite: 'its own',
    words: ['node_modules/y-leveldb/dist/test.cjs'],
    read: fromLib0,
  },
];

const options = readArguments();
const scratch = mkdtempSync(join(tmpdir(), 'varve-ecosystem-'));
try {
  tell('installing the projects and our packages');
  install(scratch);
  const results = PROJECTS.filter(isWanted).map((project) => runProject(project));
  show(results);
} finally {
  if (options.keep) tell(`kept: ${scratch}`);
  else rmSync(scratch, { recursive: true });
}

function readArguments() {
  try {
    const flags = {
      json: { type: 'boolean' },
      keep: { type: 'boolean' },
      help: { type: 'boolean' },
    };
    const { values, positionals } = parseArgs({ options: flags, allowPositionals: true });
    if (values.help) {
      console.log(`${USAGE}\nProjects: ${PROJECTS.map(({ name }) => name).join(', ')}`);
      process.exit(0);
    }
    const unknown = positionals.find((word) => !PROJECTS.some(({ name }) => name === word));
    if (unknown !== undefined) throw new Error(`There is no project ${unknown}`);
    return { ...values, projects: positionals };
  } catch (error) {
    const names = PROJECTS.map(({ name }) => name).join(', ');
    console.error(`${error.message}\n${USAGE}\nProjects: ${names}`);
    process.exit(2);
  }
}

function isWanted({ name }) {
  return options.projects.length === 0 || options.projects.includes(name);
}

function install(directory) {
  const here = import.meta.dirname;
  for (const name of ['level', 'aegir', 'projects']) {
    cpSync(join(here, name), join(directory, name), { recursive: true });
  }
  const tarballs = packInto(join(directory, 'tarballs'), ENGINE_PACKAGES);
  const manifest = {
    private: true,
    type: 'module',
    dependencies: { ...DEPENDENCIES, level: 'file:./level', aegir: 'file:./aegir' },
    overrides: { level: '$level', aegir: '$aegir' },
  };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest, null, 2));
  const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // Copied, not linked: the packages that stand for others find their dependencies beside them.
  run('npm', [...words, '--install-links', ...tarballs], directory);
}

function runProject({ name, suite, words, read }) {
  const outcomes = ENGINES.map((engine) => {
    tell(`${name} on ${engine}`);
    return runOn(engine, { name, words, read });
  });
  const [varve, classic] = outcomes;
  return { name, suite, varve, classic };
}

function runOn(engine, { name, words, read }) {
  // Some suites leave their data where they were started.
  const directory = join(scratch, 'runs', name.replaceAll('/', '-'), engine);
  mkdirSync(directory, { recursive: true });
  const placed = words.map((word) =>
    /^(node_modules|projects)\//.test(word) ? join(scratch, word) : word,
  );
  const startMs = performance.now();
  const { stdout, stderr, status } = spawnSync(process.execPath, placed, {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, ECOSYSTEM_ENGINE: engine },
    timeout: TIMEOUT_MS,
    maxBuffer: OUTPUT_SIZE_BYTES_MAX,
  });
  const seconds = (performance.now() - startMs) / 1000;
  try {
    const outcome = read(stdout);
    if (Number.isSafeInteger(outcome.passed + outcome.failed))
      return { seconds, ...outcome, status };
  } catch {
    // Said below, with what the run printed.
  }
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-20);
  return { passed: 0, failed: 0, seconds, failures: said, status: status ?? 'timeout' };
}

function show(results) {
  const bad = results.filter(({ varve, classic }) => isWorse(varve, classic));
  if (options.json) console.log(JSON.stringify({ results, ok: bad.length === 0 }, null, 2));
  else showTable(results);
  for (const { name, varve } of options.json ? [] : bad) {
    console.log(`\n${name} on Varve:\n  ${varve.failures.join('\n  ')}`);
  }
  const passed = results.reduce((sum, { varve }) => sum + varve.passed, 0);
  const failed = results.reduce((sum, { varve }) => sum + varve.failed, 0);
  tell(
    `ecosystem: ${results.length} projects, ${passed} tests passed and ${failed} failed on Varve, worse than classic-level in ${bad.length}`,
  );
  if (bad.length > 0) process.exitCode = 1;
}

/** Fewer tests passed, another test failed, or nothing ran. */
function isWorse(varve, classic) {
  if (varve.passed === 0 || varve.passed < classic.passed) return true;
  return varve.failed > classic.failed;
}

function showTable(results) {
  const header = ['project', 'held to', 'Varve', 'classic-level'];
  const count = ({ passed, failed, assertions, seconds }) => {
    const held = assertions === undefined ? '' : `, ${assertions} assertions`;
    return `${passed} passed, ${failed} failed${held}, ${seconds.toFixed(1)} s`;
  };
  const rows = results.map(({ name, suite, varve, classic }) => [
    name,
    suite,
    count(varve),
    count(classic),
  ]);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column].length)),
  );
  for (const row of [header, ...rows]) {
    console.log(
      row
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** Progress goes to standard error, so that `--json` stays clean. */
function tell(text) {
  console.error(text);
}
