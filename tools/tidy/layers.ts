// Who may import whom: packages in layers, the engine's verbs over its nouns, no cycles anywhere.
//
// The compiler refuses most of this already, through references and exports. These rules say it in
// one place, with the way out, and also look at what references cannot see: files inside one
// folder.

import { posix } from 'node:path';
import { cyclesOf, graphOf } from './graph.js';
import type { Finding, SourceFile, SourceTree } from './source-tree.js';
import { importsOf, resolveImport } from './syntax.js';

/** The packages that each package may import, besides itself. */
const PACKAGE_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  vfs: ['base'],
  bloom: ['base'],
  sstable: ['base', 'bloom', 'vfs'],
  engine: ['base', 'bloom', 'sstable', 'vfs'],
  'abstract-level': ['base', 'engine'],
  cli: ['base', 'engine', 'sstable', 'vfs'],
  keyv: ['base', 'engine'],
  testkit: ['base', 'engine', 'sstable', 'vfs'],
  unstorage: ['engine'],
};

/**
 * Folders of the engine that own state and bytes. `encoding` is the edge, used by the facade and
 * `read`.
 */
const NOUNS = new Set([
  ...['directory', 'log', 'wal', 'memtable', 'manifest', 'tables', 'iterators', 'view', 'encoding'],
]);

/** Folders of the engine that are things that happen. */
const VERBS = new Set([
  ...['recover', 'write', 'flush', 'compact', 'collect', 'read', 'inspect', 'salvage'],
]);

/** The verbs whose jobs the executor runs on other threads. */
const EXECUTOR_VERBS = new Set(['flush', 'compact', 'collect']);

const ENGINE = 'packages/engine/src/';

/** Imports that go up or sideways, between packages and inside the engine. */
export function layerFindings(tree: SourceTree): Finding[] {
  return tree.packageSources.flatMap((file) =>
    importsOf(tree, file).flatMap(({ specifier, line }) => {
      const message = packageFault(file, specifier) ?? folderFault(file, specifier);
      return message === undefined ? [] : [{ path: file.path, line, message }];
    }),
  );
}

/** Cycles of imports between packages, folders and files. */
export function cycleFindings(tree: SourceTree): Finding[] {
  const { packages, folders, files } = importCycles(tree);
  const describe = (kind: string, cycles: string[][]): Finding[] =>
    cycles.map((cycle) => ({
      path: cycle[0],
      message: `${kind} import each other: ${cycle.join(', ')}. Move what both need into a third one below them.`,
    }));
  return [
    ...describe('Packages', packages),
    ...describe('Folders', folders),
    ...describe('Files', files),
  ];
}

/** The groups of packages, folders and files that import each other, types included. */
export function importCycles(
  tree: SourceTree,
): Record<'packages' | 'folders' | 'files', string[][]> {
  const edges = tree.packageSources.flatMap((file) =>
    importsOf(tree, file).flatMap(({ specifier }): [string, string][] => {
      const target = resolveImport(tree, file, specifier);
      return target === undefined ? [] : [[file.path, target]];
    }),
  );
  const between = (place: (path: string) => string): string[][] => {
    const places = edges.map(([from, to]) => [place(from), place(to)] as const);
    // A folder inside another one is a part of it, so the two may use each other.
    return cyclesOf(
      graphOf(places.filter(([from, to]) => !isInside(from, to) && !isInside(to, from))),
    );
  };
  return {
    packages: between(packageOf),
    folders: between(posix.dirname),
    files: between((path) => path),
  };
}

function packageFault(file: SourceFile, specifier: string): string | undefined {
  const from = packageOf(file.path);
  const allowed = PACKAGE_MAY_IMPORT[from];
  if (allowed === undefined) {
    return `The package ${from} has no layer. Add it to PACKAGE_MAY_IMPORT in tools/tidy/layers.ts.`;
  }
  const [, to, rest] = /^@varve\/([a-z-]+)(\/.*)?$/.exec(specifier) ?? [];
  if (rest !== undefined) return `Import @varve/${to} itself: what it exports is what it promises.`;
  if (to === undefined || to === from || allowed.includes(to)) return undefined;
  return `${from} may not import ${to}. Move the code down, or pass what is needed in as an argument.`;
}

function folderFault(file: SourceFile, specifier: string): string | undefined {
  if (!file.path.startsWith(ENGINE) || !specifier.startsWith('.')) return undefined;
  const from = folderOf(file.path);
  if (from === '') return undefined; // the facade and its parts wire everything
  if (from !== 'executor' && !NOUNS.has(from) && !VERBS.has(from)) {
    return `The folder ${from} is neither noun nor verb. Add it in tools/tidy/layers.ts.`;
  }
  const to = folderOf(posix.join(posix.dirname(file.path), specifier));
  if (to === from || NOUNS.has(to)) return undefined;
  if (to === '')
    return `${from} may not import a file of the facade. Pass what is needed in as an argument.`;
  if (from === 'executor' && EXECUTOR_VERBS.has(to)) return undefined;
  const relation = VERBS.has(from)
    ? 'a verb may not import another verb'
    : 'only the facade imports verbs';
  return `${from} may not import ${to}: ${relation}. Take a callback, and let the facade wire both.`;
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

function packageOf(path: string): string {
  return path.split('/')[1];
}

/** The folder of the engine that a path is in, or '' for the files above all folders. */
function folderOf(path: string): string {
  const inside = path.slice(ENGINE.length);
  return inside.includes('/') ? inside.slice(0, inside.indexOf('/')) : '';
}
