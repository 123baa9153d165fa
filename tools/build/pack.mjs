// Packs packages as `npm publish` would, for checks that install them like a user does.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = join(import.meta.dirname, '../../packages');

/** The packages, by folder, that a program needs which uses the engine by its own interface or by that of Level. */
export const ENGINE_PACKAGES = ['base', 'vfs', 'bloom', 'sstable', 'engine', 'abstract-level'];

/** Packs packages into `directory`; gives the paths of the tarballs. Requires: a build. */
export function packInto(directory, names) {
  mkdirSync(directory, { recursive: true });
  for (const name of names) {
    run('npm', ['pack', '--pack-destination', directory], join(PACKAGES, name));
  }
  return readdirSync(directory).map((file) => join(directory, file));
}

/** Runs a program and gives what it prints; throws with what it says when it fails. */
export function run(command, words, directory) {
  const { status, error, stdout, stderr } = spawnSync(command, words, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  const said = error?.message ?? `${stdout}\n${stderr}`.trim();
  throw new Error(`Cannot run ${command} ${words.slice(0, 3).join(' ')} …: ${said}`);
}
