// A module in dist that is made from others: made again only when they have changed.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes a module whose first line, the stamp, names everything it is made of; does nothing if it is there with the same
 * stamp. `make` gives the rest of the code.
 */
export async function writeGenerated(outputPath, { stamp, make }) {
  if (existsSync(outputPath) && readFileSync(outputPath, 'utf8').startsWith(stamp)) return;
  writeFileSync(outputPath, `${stamp}${await make()}`);
  // The map of the compiler describes the module as it was.
  rmSync(`${outputPath}.map`, { force: true });
}

/** 16 hex digits that change with the content of any of the files. */
export function digestOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(path)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** Name and version of an installed package, as in `msgpackr 2.1.3`. */
export function packageLabel(directory) {
  const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return `${name} ${version}`;
}

/** A comment that bundlers keep, with the licence of what a module contains. */
export function licenceComment(name, licencePath) {
  return `/*! ${name}, which is contained in this file:\n\n${readFileSync(licencePath, 'utf8').trim()}\n*/\n`;
}
