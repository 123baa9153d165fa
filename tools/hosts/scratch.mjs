// Projects as a user has them: our packages installed from tarballs, the programs of this folder beside them.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENGINE_PACKAGES, packInto, run } from '../build/pack.mjs';

const PROGRAMS = join(import.meta.dirname, 'programs');
const INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/** Makes such a project in a temporary directory, gives its path to `use`, and removes it again. */
export async function withProject({ tools = [] }, use) {
  const directory = mkdtempSync(join(tmpdir(), 'varve-hosts-'));
  try {
    const tarballs = packInto(join(directory, 'tarballs'), ENGINE_PACKAGES);
    writeFileSync(join(directory, 'package.json'), '{ "private": true, "type": "module" }');
    // npm resolves names of one another to the tarballs, since all are installed together.
    run('npm', [...INSTALL, ...tarballs, ...tools], directory);
    cpSync(PROGRAMS, directory, { recursive: true });
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * Installs one package from the registry, without its scripts, into a cache that survives; gives its directory. Nothing is
 * fetched when the version is there.
 */
export function installCached(name, version) {
  const cache = join(import.meta.dirname, '../../node_modules/.cache/varve', `${name}@${version}`);
  const installed = join(cache, 'node_modules', name);
  mkdirSync(cache, { recursive: true });
  if (readdirSync(cache).includes('complete')) return installed;
  writeFileSync(join(cache, 'package.json'), '{ "private": true }');
  run('npm', [...INSTALL, `${name}@${version}`], cache);
  writeFileSync(join(cache, 'complete'), '');
  return installed;
}
