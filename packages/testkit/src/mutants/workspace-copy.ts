// A copy of the workspace in which the engine may be broken, without the outputs and the packages that tests of the engine
// do not need. Installed packages are linked, not copied.

import {
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyMutant, type Mutant } from './mutant.js';

const PACKAGES = ['base', 'vfs', 'bloom', 'sstable', 'engine', 'testkit'];
const ROOT_FILES = ['package.json', 'vitest.config.ts', 'tsconfig.base.json', 'docs'];

/** See the head of this file. */
export class WorkspaceCopy {
  /** Where the copy is. */
  readonly path: string;

  /** Copies the workspace at `source`. Costs a few MiB where the file system cannot share blocks. */
  constructor(source: string) {
    this.path = mkdtempSync(join(tmpdir(), 'varve-mutants-'));
    for (const name of ROOT_FILES) this.#copy(source, name);
    for (const name of PACKAGES) this.#copy(source, join('packages', name));
    this.#linkInstalled(source);
  }

  /** Whether the text that a mutant replaces is where it should be. */
  fits({ file, original }: Mutant): boolean {
    const source = readFileSync(join(this.path, 'packages', file), 'utf8');
    return source.split(original).length === 2;
  }

  /** Runs `action` while the mutant is in the copy. Throws `RangeError` if the list of mutants is stale. */
  async withMutant<Result>(mutant: Mutant, action: () => Promise<Result>): Promise<Result> {
    const path = join(this.path, 'packages', mutant.file);
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, applyMutant(source, mutant));
    try {
      return await action();
    } finally {
      writeFileSync(path, source);
    }
  }

  /** Removes the copy. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #copy(source: string, name: string): void {
    cpSync(join(source, name), join(this.path, name), {
      recursive: true,
      // Packages of the workspace link to each other: a link that stays relative leads to the copy.
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
    });
  }

  /** Folder by folder, so that caches beside the packages are the copy's own. */
  #linkInstalled(source: string): void {
    mkdirSync(join(this.path, 'node_modules'));
    for (const name of readdirSync(join(source, 'node_modules'))) {
      if (name === '.cache' || name.startsWith('.vite')) continue;
      const installed = join(source, 'node_modules', name);
      symlinkSync(installed, join(this.path, 'node_modules', name));
    }
  }
}
