/** Finds the microbenchmarks: every file of `questions/` is one, named like the file. */
import { readdirSync } from 'node:fs';
import { join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Microbenchmark } from './microbenchmark.js';

const FOLDER = join(import.meta.dirname, 'questions');
const EXTENSION = parse(import.meta.filename).ext;

/** The names of all microbenchmarks, sorted. */
export function microbenchmarkNames(): string[] {
  return readdirSync(FOLDER)
    .filter((fileName) => parse(fileName).ext === EXTENSION && !fileName.endsWith('.d.ts'))
    .map((fileName) => parse(fileName).name)
    .sort();
}

/**
 * The names that `patterns` mean: a whole name means that one, the first parts of names all that begin with them. All
 * names if there is no pattern.
 */
export function matchingNames(patterns: readonly string[]): string[] {
  const names = microbenchmarkNames();
  if (patterns.length === 0) return names;
  const meant = new Set(patterns.flatMap((pattern) => namesMeant(names, pattern)));
  return names.filter((name) => meant.has(name));
}

/** Whether a word means any microbenchmark. */
export function meansMicrobenchmark(pattern: string): boolean {
  return microbenchmarkNames().some((name) => isMeant(name, pattern));
}

function namesMeant(names: readonly string[], pattern: string): readonly string[] {
  if (names.includes(pattern)) return [pattern];
  const found = names.filter((name) => isMeant(name, pattern));
  if (found.length > 0) return found;
  throw new RangeError(`Cannot find a microbenchmark named ${pattern}: --list shows their names`);
}

function isMeant(name: string, pattern: string): boolean {
  return name === pattern || name.startsWith(`${pattern}-`);
}

/** Loads the microbenchmark of a name. Errors: those of `import` for a name that is none. */
export async function loadMicrobenchmark(name: string): Promise<Microbenchmark> {
  const module: { microbenchmark: Microbenchmark } = await import(
    pathToFileURL(join(FOLDER, `${name}${EXTENSION}`)).href
  );
  return module.microbenchmark;
}
