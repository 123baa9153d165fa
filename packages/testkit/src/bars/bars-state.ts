// Which bars are met for the sources as they are, so that a run that was stopped goes on where it was.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { saveState } from '../tiers/tier-state.js';
import type { BarOutcome } from './bar.js';

/** What came of a bar, without what the list says of it. */
export type BarCounts = Omit<BarOutcome, 'bar'>;

interface SavedState {
  readonly sources: string;
  readonly met: Readonly<Record<string, BarCounts>>;
}

/** See the head of this file. */
export class BarsState {
  readonly #path: string;
  /** Names the content of the sources; null: nothing is remembered. */
  readonly #sources: string | null;
  #met: Record<string, BarCounts> = {};

  /** Reads the file, which counts if it is of the same sources. */
  constructor(path: string, sources: string | null) {
    this.#path = path;
    this.#sources = sources;
    if (sources === null || !existsSync(path)) return;
    const saved = JSON.parse(readFileSync(path, 'utf8')) as SavedState;
    if (saved.sources === sources) this.#met = { ...saved.met };
  }

  /** What came of a bar that was met for these sources. */
  find(label: string): BarCounts | undefined {
    return this.#met[label];
  }

  /** Remembers a bar that was met. */
  add(label: string, counts: BarCounts): void {
    if (this.#sources === null) return;
    this.#met[label] = counts;
    saveState(this.#path, { sources: this.#sources, met: this.#met });
  }
}

/** Names the content of the sources of the workspace at `root`; null if they are not what the revision says, or without git. */
export function sourcesAt(root: string): string | null {
  const changes = outputOf(root, ['status', '--porcelain', 'packages', 'tools']);
  if (changes !== '') return null;
  return outputOf(root, ['rev-parse', 'HEAD:packages', 'HEAD:tools']);
}

function outputOf(root: string, words: readonly string[]): string | null {
  const { status, stdout } = spawnSync('git', words, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}
