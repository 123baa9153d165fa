// The files that the rules look at, from disk or made up by a test.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** One text file. Paths are relative to the root and use `/`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a rule has against a file. */
export interface Finding {
  readonly path: string;
  /** 1-based. */
  readonly line?: number;
  /** What is wrong, and what to do instead. */
  readonly message: string;
}

const SKIPPED_NAMES = new Set([
  'node_modules',
  'dist',
  '.git',
  'coverage',
  '.sim-failures',
  'testdata',
]);
const TEXT_NAME = /\.(ts|mjs|js|json|md|yaml|yml|txt)$|^(LICENSE|\.npmrc|\.gitignore|run)$/;

/** All files of the project that hold text, in a fixed order. */
export class SourceTree {
  readonly files: readonly SourceFile[];
  readonly #byPath = new Map<string, SourceFile>();
  readonly #parsed = new Map<string, ts.SourceFile>();

  constructor(files: readonly SourceFile[]) {
    this.files = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    for (const file of this.files) this.#byPath.set(file.path, file);
  }

  /** Reads the project at `root`. */
  static read(root: string): SourceTree {
    const paths = listPaths(root, '');
    return new SourceTree(
      paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
    );
  }

  /** Makes a tree of texts by path. */
  static of(texts: Readonly<Record<string, string>>): SourceTree {
    return new SourceTree(Object.entries(texts).map(([path, text]) => ({ path, text })));
  }

  /**
   * The code that is shipped or run: TypeScript in packages and benchmarks without tests, and the
   * tools.
   */
  get sources(): SourceFile[] {
    return this.files.filter(({ path }) => isCode(path) && !isTest(path));
  }

  /** The code of the packages, without tests. */
  get packageSources(): SourceFile[] {
    return this.sources.filter(({ path }) => path.startsWith('packages/'));
  }

  /** Code and tests. */
  get code(): SourceFile[] {
    return this.files.filter(({ path }) => isCode(path));
  }

  find(path: string): SourceFile | undefined {
    return this.#byPath.get(path);
  }

  /** The syntax tree of a file, made once. */
  parse(file: SourceFile): ts.SourceFile {
    let parsed = this.#parsed.get(file.path);
    if (parsed === undefined) {
      parsed = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
      this.#parsed.set(file.path, parsed);
    }
    return parsed;
  }
}

/** Whether a path is that of a test, or of something only tests use. */
export function isTest(path: string): boolean {
  return /\.test\.ts$|\/testing\//.test(path);
}

/** How many lines a text has. */
export function lineCountOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

function isCode(path: string): boolean {
  return (
    /^(packages\/[^/]+\/src|benchmarks|tools|\.ci)\/.*\.(ts|mjs)$/.test(path) &&
    !path.endsWith('.d.ts')
  );
}

function listPaths(root: string, directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED_NAMES.has(entry.name)) return [];
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (entry.isDirectory()) return listPaths(root, path);
    return entry.isFile() && TEXT_NAME.test(entry.name) ? [path] : [];
  });
}
