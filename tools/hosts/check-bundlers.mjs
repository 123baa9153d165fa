// Bundles a program that uses the engine, with esbuild and with Vite, and runs the bundle where nothing else is.
//
// Installs our packages as tarballs and the bundlers from the registry, in a temporary directory and without scripts.
// Requires: a build. Usage: node tools/hosts/check-bundlers.mjs [--json]

import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../build/pack.mjs';
import { Checks, readArguments } from './checks.mjs';
import { describeReport } from './reports.mjs';
import { withProject } from './scratch.mjs';

const BUNDLERS = ['esbuild@0.28.2', 'vite@8.3.8'];
const NO_EVAL = '--disallow-code-generation-from-strings';

/** abstract-level is CommonJS and asks for `events`: in an ES module esbuild needs a `require` to be there. */
const REQUIRE =
  "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Each has a name, how it is made, and the file to run in the folder it was written to. */
const BUNDLES = [
  esbuild('esbuild, one ES module', 'engine.mjs', ['--format=esm', '--outfile=OUT/main.mjs']),
  esbuild('esbuild, minified', 'engine.mjs', [
    '--format=esm',
    '--minify',
    '--outfile=OUT/main.mjs',
  ]),
  esbuild('esbuild, one CommonJS file', 'engine-in-chain.mjs', [
    '--format=cjs',
    '--outfile=OUT/main.cjs',
  ]),
  vite('Vite library mode, ES module', 'engine.mjs', 'es'),
  vite('Vite library mode, CommonJS', 'engine-in-chain.mjs', 'cjs'),
  esbuild('esbuild, VarveLevel, ES module', 'level.mjs', [
    '--format=esm',
    REQUIRE,
    '--outfile=OUT/main.mjs',
  ]),
  esbuild('esbuild, VarveLevel, CommonJS', 'level-in-chain.mjs', [
    '--format=cjs',
    '--outfile=OUT/main.cjs',
  ]),
  vite('Vite library mode, VarveLevel, ES module', 'level.mjs', 'es'),
  vite('Vite library mode, VarveLevel, CommonJS', 'level-in-chain.mjs', 'cjs'),
];

const options = readArguments('Usage: pnpm check:bundlers [--json]');
const checks = new Checks(options);
await withProject({ tools: BUNDLERS }, async (project) => {
  for (const bundle of BUNDLES) await checkBundle(project, bundle);
});
checks.end('bundlers');

async function checkBundle(project, { name, build, file }) {
  const output = join(project, 'bundles', name.replaceAll(/[ ,]+/g, '-'));
  // The bundle runs where no package can be resolved.
  const alone = `${project}-alone`;
  const node = (...words) => run(process.execPath, words, alone);
  try {
    await checks.run(`${name}: bundles`, () => build(project, output));
    cpSync(output, alone, { recursive: true });
    cpSync(join(project, 'in-worker.mjs'), join(alone, 'in-worker.mjs'));
    await checks.run(`${name}: main thread`, () => describeReport(node(file), 2));
    await checks.run(`${name}: inside a worker`, () =>
      describeReport(node('in-worker.mjs', file), 2),
    );
    await checks.run(`${name}: eval forbidden`, () => describeReport(node(NO_EVAL, file), 2));
    const chunk = readdirSync(alone, { recursive: true }).find((path) =>
      /worker-source/.test(path),
    );
    if (chunk === undefined || name.includes('VarveLevel')) return;
    rmSync(join(alone, chunk));
    await checks.run(`${name}: code of threads lost`, () => describeReport(node(file), 0));
  } finally {
    rmSync(alone, { recursive: true, force: true });
  }
}

function esbuild(name, entry, words) {
  const build = (project, output) => {
    const placed = words.map((word) => word.replace('OUT', output));
    const flags = ['--bundle', '--platform=node', '--log-level=warning'];
    run('npx', ['--no-install', 'esbuild', entry, ...flags, ...placed], project);
    return listFiles(output);
  };
  return { name, build, file: words.at(-1).replace('--outfile=OUT/', '') };
}

function vite(name, entry, format) {
  const file = format === 'es' ? 'main.mjs' : 'main.cjs';
  const build = (project, output) => {
    const config = join(project, `vite.${format}.config.mjs`);
    writeFileSync(config, viteConfig({ entry: join(project, entry), format, file, output }));
    run('npx', ['--no-install', 'vite', 'build', '--config', config], project);
    return listFiles(output);
  };
  return { name, build, file };
}

/** Vite makes libraries for browsers unless told what is external: every library for Node.js needs that line. */
function viteConfig({ entry, format, file, output }) {
  return `import { builtinModules } from 'node:module';

export default {
  logLevel: 'warn',
  build: {
    outDir: ${JSON.stringify(output)},
    lib: { entry: ${JSON.stringify(entry)}, formats: ['${format}'], fileName: () => '${file}' },
    rolldownOptions: { platform: 'node', external: [/^node:/, ...builtinModules] },
  },
};
`;
}

function listFiles(directory) {
  return readdirSync(directory, { recursive: true }).join(', ');
}
