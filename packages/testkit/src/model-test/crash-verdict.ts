// Judges what is found after a crash: is it the fold of a permitted prefix?
//
// Walks through the commits once, keeping for every key the values it may have after the prefix so far, and the number of
// keys whose actual value is not among them. A commit replaces the values of its keys; a volatile one only adds to them,
// since it may be there or not.

import type { CrashBounds } from './commit-log.js';
import { shown } from './keys.js';
import type { KeyspaceModel } from './model.js';

/** What was found: the entries of every keyspace that still exists. */
export type FoundState = ReadonlyMap<KeyspaceModel, ReadonlyMap<string, string>>;

/** Says what is wrong with the state found; null if it is permitted. */
export function refuteRecovered(bounds: CrashBounds, found: FoundState): string | null {
  const fold = new Fold(bounds.flushedSequence, found);
  let fewest: Mismatch | null = null;
  for (let count = bounds.flushedCount; count <= bounds.commits.length; count++) {
    if (count > bounds.flushedCount) fold.apply(bounds.commits[count - 1]!);
    if (count < bounds.certainCount) continue;
    if (fold.wrongCount === 0) return null;
    if (fewest !== null && fewest.wrongCount <= fold.wrongCount) continue;
    fewest = { count, wrongCount: fold.wrongCount, text: fold.describeWrong() };
  }
  const { commits, certainCount } = bounds;
  return [
    `what was recovered is no prefix of the commits: ${certainCount} to ${commits.length} of them may be there`,
    `closest are the first ${fewest!.count}, with ${fewest!.wrongCount} keys different:`,
    fewest!.text,
  ].join('\n    ');
}

interface Mismatch {
  readonly count: number;
  readonly wrongCount: number;
  readonly text: string;
}

class Fold {
  readonly #found: FoundState;
  readonly #permitted = new Map<KeyspaceModel, Map<string, Set<string | undefined>>>();
  readonly #wrong = new Map<KeyspaceModel, Set<string>>();
  #wrongCount = 0;

  constructor(sequence: number, found: FoundState) {
    this.#found = found;
    for (const [keyspace, entries] of found) {
      this.#permitted.set(keyspace, new Map());
      this.#wrong.set(keyspace, new Set());
      for (const [key, value] of keyspace.entries(sequence)) this.#permit(keyspace, key, value);
      for (const key of entries.keys()) {
        if (!this.#permitted.get(keyspace)!.has(key)) this.#permit(keyspace, key, undefined);
      }
    }
  }

  get wrongCount(): number {
    return this.#wrongCount;
  }

  apply(commit: CrashBounds['commits'][number]): void {
    const valuesBefore = new Map<KeyspaceModel, Map<string, Set<string | undefined>>>();
    for (const { keyspace, key, value } of commit.entries) {
      // Keyspaces that are gone have nothing to compare.
      if (!this.#found.has(keyspace)) continue;
      if (!commit.isVolatile) {
        this.#permit(keyspace, key, value);
        continue;
      }
      // Within the batch the last entry of a key counts.
      const ofKeyspace = valuesBefore.get(keyspace) ?? new Map();
      valuesBefore.set(keyspace, ofKeyspace);
      const before = ofKeyspace.get(key) ?? this.#permittedOf(keyspace, key);
      ofKeyspace.set(key, before);
      this.#permit(keyspace, key, value, before);
    }
  }

  describeWrong(): string {
    const lines: string[] = [];
    for (const [keyspace, keys] of this.#wrong) {
      for (const key of keys) {
        const permitted = [...this.#permittedOf(keyspace, key)].map(shown).join(' or ');
        const actual = shown(this.#found.get(keyspace)!.get(key));
        lines.push(`${keyspace.name} ${shown(key)}: expected ${permitted}, found ${actual}`);
      }
    }
    return lines.slice(0, 5).join('\n    ');
  }

  #permittedOf(keyspace: KeyspaceModel, key: string): Set<string | undefined> {
    return this.#permitted.get(keyspace)!.get(key) ?? new Set([undefined]);
  }

  #permit(
    keyspace: KeyspaceModel,
    key: string,
    value: string | undefined,
    others: Iterable<string | undefined> = [],
  ): void {
    const permitted = new Set([...others, value]);
    this.#permitted.get(keyspace)!.set(key, permitted);
    const wrong = this.#wrong.get(keyspace)!;
    if (wrong.delete(key)) this.#wrongCount -= 1;
    if (permitted.has(this.#found.get(keyspace)!.get(key))) return;
    wrong.add(key);
    this.#wrongCount += 1;
  }
}
