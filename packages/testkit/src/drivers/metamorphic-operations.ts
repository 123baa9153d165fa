// Draws a list of operations whose answers are determined by the operations alone.

import { createRandom, type Random } from '@varve/base';

/** An entry that is written; null removes. */
export interface WrittenEntry {
  readonly key: string;
  readonly value: string | null;
}

/** What a list consists of. Reads with the word old in their name, and scans, see the newest snapshot if there is one. */
export type MetamorphicOperation =
  | { readonly kind: 'write'; readonly entries: readonly WrittenEntry[] }
  /** Several batches that are issued before any of them is awaited. */
  | { readonly kind: 'writeTogether'; readonly groups: readonly (readonly WrittenEntry[])[] }
  | { readonly kind: 'get' | 'getOld'; readonly key: string }
  | { readonly kind: 'getMany'; readonly keys: readonly string[] }
  | {
      readonly kind: 'scan';
      readonly range: {
        readonly gte?: string;
        readonly lt?: string;
        readonly reverse?: boolean;
        readonly limit?: number;
      };
    }
  | { readonly kind: 'snapshot' | 'flush' | 'compact' | 'reopen' }
  | {
      readonly kind: 'keyspace';
      readonly name: string;
      readonly entries: readonly WrittenEntry[];
      readonly fate: 'kept' | 'dropped';
    };

const KEY_COUNT = 120;
const ENTRY_COUNT_MAX = 12;
const VALUE_SIZES = [0, 30, 400, 3_000];
const KEYSPACE_COUNT = 2;

/** How often each kind comes, relative to the others. */
const WEIGHTS: readonly (readonly [kind: MetamorphicOperation['kind'], weight: number])[] = [
  ['write', 40],
  ['writeTogether', 10],
  ['get', 12],
  ['getOld', 6],
  ['getMany', 6],
  ['scan', 14],
  ['snapshot', 4],
  ['flush', 4],
  ['compact', 1],
  ['reopen', 2],
  ['keyspace', 3],
];

/** Gives `count` operations, the same ones for the same seed. */
export function drawOperations(seed: number, count: number): MetamorphicOperation[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => drawOperation(random, index));
}

function drawOperation(random: Random, index: number): MetamorphicOperation {
  const kind = drawKind(random);
  switch (kind) {
    case 'write':
      return { kind, entries: entries(random, `${index}`) };
    case 'writeTogether':
      return {
        kind,
        groups: Array.from({ length: 2 + random.below(3) }, (_, group) =>
          entries(random, `${index}.${group}`),
        ),
      };
    case 'get':
    case 'getOld':
      return { kind, key: key(random) };
    case 'getMany':
      return { kind, keys: Array.from({ length: 1 + random.below(8) }, () => key(random)) };
    case 'scan':
      return { kind, range: range(random) };
    case 'keyspace': {
      const name = `space-${random.below(KEYSPACE_COUNT)}`;
      const fate = random.below(3) === 0 ? 'dropped' : 'kept';
      return { kind, name, entries: entries(random, `${index}`), fate };
    }
    default:
      return { kind };
  }
}

function drawKind(random: Random): MetamorphicOperation['kind'] {
  let rest = random.below(WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [kind, weight] of WEIGHTS) {
    if (rest < weight) return kind;
    rest -= weight;
  }
  return 'write';
}

function entries(random: Random, origin: string): WrittenEntry[] {
  return Array.from({ length: 1 + random.below(ENTRY_COUNT_MAX) }, (_, index) => ({
    key: key(random),
    value: random.below(4) === 0 ? null : value(random, `${origin}/${index}:`),
  }));
}

function value(random: Random, origin: string): string {
  const size = random.below(VALUE_SIZES[random.below(VALUE_SIZES.length)]! + 1);
  let text = origin;
  while (text.length < size) text += random.u32().toString(36);
  return text;
}

function range(random: Random) {
  const [first, second] = [key(random), key(random)].sort();
  return {
    ...(random.below(3) > 0 && { gte: first! }),
    ...(random.below(3) > 0 && { lt: second! }),
    ...(random.below(2) === 0 && { reverse: true }),
    ...(random.below(2) === 0 && { limit: random.below(30) }),
  };
}

function key(random: Random): string {
  return `key/${String(random.below(KEY_COUNT)).padStart(3, '0')}`;
}
