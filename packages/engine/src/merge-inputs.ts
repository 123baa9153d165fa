/**
 * The tables that a merge reads, and for how long they are kept for it.
 *
 * A job opens its inputs one by one, so they must not be removed while it runs when their keyspace is dropped meanwhile: a
 * version is held that names them. Not between two attempts, though. A merge may wait for space for as long as the database
 * is open, and the version names the tables of all keyspaces: whoever drops one to make room would get none.
 */
import { assert } from '@varve/base';
import type { ObsoleteFiles } from './collect/index.js';
import type { KeyspaceTree, Version, VersionSet } from './manifest/index.js';

export interface MergeInputsOptions {
  readonly versions: Pick<VersionSet, 'current'>;
  readonly obsolete: Pick<ObsoleteFiles, 'collect'>;
  readonly keyspaceId: number;
  readonly fileNumbers: readonly number[];
}

export class MergeInputs {
  readonly #options: MergeInputsOptions;
  #held: Version | null = null;

  constructor(options: MergeInputsOptions) {
    this.#options = options;
  }

  /** Whether all of them are still part of their keyspace. O(tables of the keyspace). */
  get areThere(): boolean {
    const { versions, keyspaceId, fileNumbers } = this.#options;
    const tree = versions.current.keyspaces.get(keyspaceId);
    if (tree === undefined) return false;
    const there = new Set(fileNumbersIn(tree));
    return fileNumbers.every((fileNumber) => there.has(fileNumber));
  }

  /** Keeps their files until `letGo()`. Requires: they are there. */
  hold(): void {
    assert(this.#held === null, 'an attempt is made when the one before has ended');
    this.#held = this.#options.versions.current.retain();
  }

  /** Nobody reads them at the moment. What was dropped meanwhile is removed at once: nothing else may come to do it. */
  letGo(): void {
    const { versions, obsolete } = this.#options;
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    held.release();
    if (held !== versions.current) obsolete.collect();
  }
}

/** The numbers of all tables of a keyspace. */
export function fileNumbersIn(tree: KeyspaceTree): number[] {
  return tree.levels.flatMap(({ tables }) => tables.map(({ fileNumber }) => fileNumber));
}
