// What the database must hold: for every key all its versions, by sequence number, in plain maps.
//
// Nothing is ever dropped, so the state at any sequence can be asked for: of a snapshot, of an iterator opened long ago,
// of the moment before a crash.

/** The state of a key from a sequence on; `undefined`: it does not exist. */
interface ModelVersion {
  readonly sequence: number;
  readonly value: string | undefined;
}

/** Bounds of a read, in keys. */
export interface TextRange {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly prefix?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** A key and its value. */
export type TextEntry = readonly [key: string, value: string];

/** One keyspace, from its creation to its end. A keyspace that is created again is another one. */
export class KeyspaceModel {
  readonly name: string;
  readonly #versions = new Map<string, ModelVersion[]>();
  #sortedKeys: string[] | null = null;

  constructor(name: string) {
    this.name = name;
  }

  /** Sets (or with `undefined` removes) a key from a sequence on. Requires: sequences ascend for each key. */
  set(key: string, sequence: number, value: string | undefined): void {
    const versions = this.#versions.get(key);
    if (versions !== undefined) {
      versions.push({ sequence, value });
      return;
    }
    this.#versions.set(key, [{ sequence, value }]);
    this.#sortedKeys = null;
  }

  /** Takes back what was set at a sequence: the write was rejected. */
  forget(key: string, sequence: number): void {
    const versions = this.#versions.get(key) ?? [];
    for (let index = versions.length - 1; index >= 0; index--) {
      if (versions[index]!.sequence === sequence) versions.splice(index, 1);
    }
  }

  /** The value of a key at a sequence. */
  get(key: string, sequence: number): string | undefined {
    return this.#versions.get(key)?.findLast((version) => version.sequence <= sequence)?.value;
  }

  /** The entries of a range at a sequence, in the order in which they are read. */
  entries(sequence: number, range: TextRange = {}): TextEntry[] {
    const found: TextEntry[] = [];
    for (const key of this.#keys()) {
      if (!isInside(key, range)) continue;
      const value = this.get(key, sequence);
      if (value !== undefined) found.push([key, value]);
    }
    if (range.reverse) found.reverse();
    return found.slice(0, range.limit);
  }

  #keys(): readonly string[] {
    this.#sortedKeys ??= [...this.#versions.keys()].sort(compareTexts);
    return this.#sortedKeys;
  }
}

/** The order of keys. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isInside(key: string, { gt, gte, lt, lte, prefix }: TextRange): boolean {
  return (
    (gt === undefined || key > gt) &&
    (gte === undefined || key >= gte) &&
    (lt === undefined || key < lt) &&
    (lte === undefined || key <= lte) &&
    (prefix === undefined || key.startsWith(prefix))
  );
}
