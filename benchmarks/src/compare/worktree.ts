/**
 * A second revision of this repository beside the working tree, built and ready to be measured.
 *
 * It is a git worktree in a temporary directory, so it shares the objects of the repository and is removed with one
 * command. Where both revisions lock the same dependencies the installed ones are linked instead of installed again.
 */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunCommand } from './command.js';

const LOCK_FILE = 'pnpm-lock.yaml';
/** What a build runs after the compiler; its older name for older revisions. */
const GENERATORS = ['tools/build/generate.mjs', 'tools/build/bundle-vendored.mjs'];

/** Where a revision comes from, and how the commands for it are run. */
export interface WorktreeOptions {
  /** Root of the repository's working tree. */
  readonly root: string;
  readonly run: RunCommand;
  /** Makes the checked-out tree at `path` ready to be measured. */
  readonly prepare: (path: string) => Promise<void>;
}

/**
 * Checks `revision` out, prepares it and hands its root to `use`; gives what `use` gives. Whatever happens, no worktree
 * is left. Errors: those of git for a revision that it does not know, of `prepare` and of `use`.
 */
export async function withWorktree<Result>(
  revision: string,
  {
    root,
    run,
    prepare,
    use,
  }: WorktreeOptions & { readonly use: (path: string) => Promise<Result> },
): Promise<Result> {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'varve-compare-')));
  const path = join(parent, 'tree');
  try {
    await run('git', ['worktree', 'add', '--detach', path, revision], { directory: root });
    await prepare(path);
    return await use(path);
  } finally {
    rmSync(parent, { recursive: true, force: true });
    // Forgets worktrees whose directories are gone. Must run even after an interruption, so it has no signal.
    await run('git', ['worktree', 'prune'], { directory: root, signal: undefined });
  }
}

/** Gives the tree at `path` its dependencies, from the tree at `root` if both lock the same ones, and builds the engine. */
export async function installAndBuild(
  path: string,
  { root, run }: Pick<WorktreeOptions, 'root' | 'run'>,
): Promise<void> {
  if (locksSame(path, root)) linkDependencies(path, root);
  else await install(path, run);
  const compiler = join(path, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '-b', 'packages/engine'], { directory: path });
  const finish = GENERATORS.map((name) => join(path, name)).find((script) => existsSync(script));
  if (finish !== undefined) await run(process.execPath, [finish], { directory: path });
}

function locksSame(path: string, root: string): boolean {
  const [theirs, ours] = [path, root].map((tree) => join(tree, LOCK_FILE));
  return existsSync(theirs) && existsSync(ours) && readFileSync(theirs).equals(readFileSync(ours));
}

/** The links of packages are relative: copied as they are, they lead to the packages of the tree they are in. */
export function linkDependencies(path: string, root: string): void {
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'), 'dir');
  for (const name of readdirSync(join(path, 'packages'))) {
    const installed = join(root, 'packages', name, 'node_modules');
    if (!existsSync(installed)) continue;
    cpSync(installed, join(path, 'packages', name, 'node_modules'), {
      ...{ recursive: true, verbatimSymlinks: true },
    });
  }
}

async function install(path: string, run: RunCommand): Promise<void> {
  const { packageManager } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  const words = ['-y', packageManager, 'install', '--frozen-lockfile'];
  try {
    await run('npx', [...words, '--offline'], { directory: path });
  } catch {
    // Something the revision needs is not in the store.
    await run('npx', words, { directory: path });
  }
}
