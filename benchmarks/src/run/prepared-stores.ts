/**
 * Filled stores, one per engine and shape of data: filled once, by a process of its own, closed, and then read in place by
 * every repetition that only reads, or copied for one that writes.
 */

import { constants } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { workloadOf } from '../workloads/index.js';
import type { Job, Outcome } from './job.js';
import type { RunSettings } from './raw-figures.js';
import { preparationKeyOf } from './settings.js';

type RunJob = (job: Job) => Promise<Outcome>;

/** A directory to run in, and whether it is only for this run. */
export interface RunDirectory {
  readonly path: string;
  readonly life: 'run' | 'shared';
}

/** All directories of one benchmark, below one root. */
export class PreparedStores {
  readonly #root: string;
  readonly #runJob: RunJob;
  readonly #stores = new Map<string, { readonly path: string; readonly outcome: Outcome }>();

  constructor(root: string, runJob: RunJob) {
    this.#root = root;
    this.#runJob = runJob;
  }

  /** A directory for a run, filled if its workload wants it; or why there is none. */
  async directoryFor(settings: RunSettings): Promise<RunDirectory | Outcome> {
    const { kind } = workloadOf(settings.workload);
    if (kind === 'fill') return { path: await this.#newDirectory(), life: 'run' };
    const { path, outcome } = await this.#prepared(settings);
    if (outcome.kind !== 'prepared') return outcome;
    return kind === 'read'
      ? { path, life: 'shared' }
      : { path: await this.#copy(path), life: 'run' };
  }

  /** Removes what was only for one run. */
  async release({ path, life }: RunDirectory): Promise<void> {
    if (life === 'run') await rm(path, { recursive: true, force: true });
  }

  /** Removes the prepared stores that none of these runs starts from. */
  async keepOnly(coming: readonly RunSettings[]): Promise<void> {
    const needed = new Set(coming.map(preparationKeyOf));
    for (const [key, { path }] of this.#stores) {
      if (needed.has(key)) continue;
      this.#stores.delete(key);
      await rm(path, { recursive: true, force: true });
    }
  }

  async #prepared(settings: RunSettings) {
    const key = preparationKeyOf(settings);
    const known = this.#stores.get(key);
    if (known !== undefined) return known;
    const directory = await this.#newDirectory();
    // Filling is not measured: it may be as fast as the engine can without giving up its log.
    const own = { ...settings, durability: 'os', writers: 1 } as const;
    const outcome = await this.#runJob({ task: 'prepare', settings: own, directory });
    const store = { path: directory, outcome };
    this.#stores.set(key, store);
    return store;
  }

  async #copy(path: string): Promise<string> {
    const copy = await this.#newDirectory();
    await cp(path, copy, { recursive: true, mode: constants.COPYFILE_FICLONE });
    return copy;
  }

  async #newDirectory(): Promise<string> {
    await mkdir(this.#root, { recursive: true });
    return mkdtemp(join(this.#root, 'store-'));
  }
}
