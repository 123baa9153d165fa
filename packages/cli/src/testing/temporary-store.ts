// A place for the store of one test, removed when the test is over, and commands that work on it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { createTemporaryDirectory, removeTemporaryDirectory } from '../files.js';
import { type CommandResult, type CommandSetting, runCommand } from './run-command.js';

/** What a test gets. */
export interface TemporaryStore {
  /** Where the store is, or will be once a command creates it. */
  readonly directory: string;
  /** A path beside the store. */
  pathOf(name: string): string;
  /** Writes a file beside the store and gives its path. */
  write(name: string, content: string | Uint8Array): string;
  /** Runs a command; the word `DIR` stands for the directory of the store. */
  run(line: readonly string[], setting?: CommandSetting): Promise<CommandResult>;
  /** The same, and throws when the exit code is not 0. */
  runWell(line: readonly string[], setting?: CommandSetting): Promise<CommandResult>;
}

/** Gives every test of the file a directory of its own. */
export function useTemporaryStore(): TemporaryStore {
  let parent = '';
  beforeEach(() => {
    parent = createTemporaryDirectory('varve-cli-');
  });
  afterEach(() => removeTemporaryDirectory(parent));
  const store: TemporaryStore = {
    get directory() {
      return join(parent, 'store');
    },
    pathOf: (name) => join(parent, name),
    write(name, content) {
      writeFileSync(join(parent, name), content);
      return join(parent, name);
    },
    run: (line, setting) =>
      runCommand(
        line.map((word) => (word === 'DIR' ? store.directory : word)),
        setting,
      ),
    async runWell(line, setting) {
      const result = await store.run(line, setting);
      if (result.exitCode !== 0) {
        throw new Error(`varve ${line.join(' ')} ended with ${result.exitCode}: ${result.stderr}`);
      }
      return result;
    },
  };
  return store;
}
