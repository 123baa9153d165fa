/**
 * Makes a program of this tree load the packages of another one: every import of `@varve/…` is resolved as if it stood
 * in that package itself, in the tree that `VARVE_TREE` names.
 *
 *   VARVE_TREE=/path/to/tree node --import …/compare/tree-hook.js program.js
 *
 * So the harness of one revision measures the engines of two, and a change of the harness does not look like a change of
 * the engine. Loaded a second time as the hooks themselves, on the thread that Node.js runs them on.
 */
import { realpathSync } from 'node:fs';
import { type ResolveHook, register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { TREE_VARIABLE } from '../micro/rooms.js';

const tree = process.env[TREE_VARIABLE];

// The engine's own threads load nothing but the engine, which finds its packages by itself.
if (isMainThread && tree !== undefined) register(import.meta.url);

export const resolve: ResolveHook = (specifier, context, nextResolve) => {
  const [, packageName] = /^@varve\/([a-z]+)$/.exec(specifier) ?? [];
  if (packageName === undefined || tree === undefined) return nextResolve(specifier, context);
  const manifest = join(realpathSync(tree), 'packages', packageName, 'package.json');
  return nextResolve(specifier, { ...context, parentURL: pathToFileURL(manifest).href });
};
