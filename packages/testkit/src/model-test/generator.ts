// Draws the operations of a run from a seed. What is drawn does not depend on what the engine does.

import { createRandom, type Random } from '@varve/base';
import type {
  CrashChoice,
  CursorMove,
  EntryChange,
  Form,
  Manner,
  Operation,
  OperationBody,
  RangeChoice,
  ScanChoice,
  Waiting,
} from './operation.js';
import { drawValueSize, type Profile } from './profiles.js';

/** Keyspaces beside the default one, which has number 0. */
export const KEYSPACE_COUNT = 4;
const SLOT_COUNT = 4;
const PREFIX_LENGTH_MAX = 4;
const LIMIT_MAX = 20;
const MOVE_COUNT_MAX = 12;
const STEP_COUNT_MAX = 15;
const TURN_COUNTS = [2, 8, 25];
const ADVANCE_MS = [1, 11, 150];
const IO_COUNTS = [5, 40, 400];
/** Opening a small database takes about as many operations on files. */
const RECOVERY_IO_COUNT = 60;
const CRASH_MODELS = ['kill', 'drop', 'ordered', 'posix'] as const;

/** Gives `count` operations; the first of a longer list are those of a shorter one. */
export function generateOperations(profile: Profile, seed: number, count: number): Operation[] {
  const generator = new Generator(profile, createRandom(seed));
  return Array.from({ length: count }, (_, id) => ({ id, ...generator.next() }));
}

class Generator {
  readonly #profile: Profile;
  readonly #random: Random;
  readonly #kinds: readonly (readonly [kind: OperationBody['kind'], weight: number])[];
  readonly #totalWeight: number;

  constructor(profile: Profile, random: Random) {
    this.#profile = profile;
    this.#random = random;
    this.#kinds = Object.entries(profile.weights) as [OperationBody['kind'], number][];
    this.#totalWeight = this.#kinds.reduce((sum, [, weight]) => sum + weight, 0);
  }

  next(): OperationBody {
    return this.#body(this.#kind());
  }

  #kind(): OperationBody['kind'] {
    let place = this.#random.float() * this.#totalWeight;
    for (const [kind, weight] of this.#kinds) {
      place -= weight;
      if (place < 0) return kind;
    }
    return this.#kinds[0]![0];
  }

  #body(kind: OperationBody['kind']): OperationBody {
    switch (kind) {
      case 'put':
      case 'batch':
      case 'refused':
        return this.#write(kind);
      case 'get':
      case 'has':
      case 'getMany':
      case 'gets':
      case 'scan':
        return this.#read(kind);
      case 'openIterator':
        return { kind, slot: this.#slot(), scan: this.#scan() };
      case 'stepIterator':
        return { kind, slot: this.#slot(), count: this.#count(STEP_COUNT_MAX), ...this.#waits() };
      case 'openCursor':
        return {
          kind,
          slot: this.#slot(),
          keyspace: this.#keyspace(),
          range: this.#range(),
          snapshot: this.#snapshot(),
        };
      case 'moveCursor':
        return { kind, slot: this.#slot(), moves: this.#list(MOVE_COUNT_MAX, () => this.#move()) };
      case 'closeIterator':
      case 'closeCursor':
      case 'openSnapshot':
      case 'closeSnapshot':
        return { kind, slot: this.#slot() };
      default:
        return this.#life(kind);
    }
  }

  #write(kind: 'put' | 'batch' | 'refused'): OperationBody {
    const { batchEntryCountMax } = this.#profile;
    if (kind === 'put') return { kind, entry: this.#entry(), manner: this.#manner() };
    const entryCountMax = this.#one(3) ? batchEntryCountMax : Math.min(5, batchEntryCountMax);
    const entries = this.#list(entryCountMax, () => this.#entry());
    if (kind === 'batch') {
      return { kind, keyspace: this.#keyspace(), entries, manner: this.#manner() };
    }
    const fault = this.#one(2) ? 'key-too-large' : 'wrong-type';
    const at = this.#one(2) ? null : this.#random.below(entries.length + 1);
    return { kind, fault, entries, at, form: this.#form() };
  }

  #read(kind: 'get' | 'has' | 'getMany' | 'gets' | 'scan'): OperationBody {
    const waits = this.#waits();
    if (kind === 'scan') return { kind, scan: this.#scan(), ...waits };
    const place = { keyspace: this.#keyspace(), snapshot: this.#snapshot() };
    if (kind === 'get' || kind === 'has') {
      return { kind, key: this.#key(), form: this.#form(), ...place, ...waits };
    }
    return { kind, keys: this.#list(LIMIT_MAX, () => this.#key()), ...place, ...waits };
  }

  #life(kind: OperationBody['kind']): OperationBody {
    const variant = this.#random.below(this.#profile.variants.length);
    switch (kind) {
      case 'flush':
      case 'settle':
        return { kind, ...this.#waits() };
      case 'compact': {
        const bounds = this.#one(2) ? {} : { gte: this.#key(), lte: this.#key() };
        return { kind, keyspace: this.#keyspace(), ...bounds, ...this.#waits() };
      }
      case 'clear':
        return this.#clear();
      case 'createKeyspace':
      case 'dropKeyspace':
        return { kind, slot: 1 + this.#random.below(KEYSPACE_COUNT) };
      case 'turns':
        return { kind, count: this.#count(TURN_COUNTS[this.#random.below(TURN_COUNTS.length)]!) };
      case 'advance':
        return { kind, ms: ADVANCE_MS[this.#random.below(ADVANCE_MS.length)]! };
      case 'reopen':
        return { kind, variant };
      case 'crash':
        return { kind, ...this.#crash(variant) };
      case 'armCrash': {
        const after = this.#count(IO_COUNTS[this.#random.below(IO_COUNTS.length)]!);
        return { kind, after, ...this.#crash(variant) };
      }
      default:
        return { kind: 'catchUp' };
    }
  }

  #clear(): OperationBody {
    const place = { keyspace: this.#keyspace(), snapshot: this.#snapshot() };
    const { durability } = this.#manner();
    return { kind: 'clear', range: this.#range(), durability, ...place };
  }

  #crash(variant: number): CrashChoice {
    const model = CRASH_MODELS[this.#random.below(CRASH_MODELS.length)]!;
    return { model, variant, again: this.#one(3) ? this.#count(RECOVERY_IO_COUNT) : 0 };
  }

  #entry(): EntryChange {
    const sizeBytes = this.#one(5) ? null : drawValueSize(this.#profile, this.#random);
    const key = this.#random.below(this.#profile.keyCount);
    return { keyspace: this.#keyspace(), key, sizeBytes };
  }

  #manner(): Manner {
    const { durabilities } = this.#profile;
    const durability = durabilities[this.#random.below(durabilities.length)]!;
    return { form: this.#form(), durability, ...this.#waits() };
  }

  #scan(): ScanChoice {
    const parts = ['entries', 'keys', 'values'] as const;
    return {
      keyspace: this.#keyspace(),
      range: this.#range(),
      part: parts[this.#random.below(parts.length)]!,
      form: this.#form(),
      snapshot: this.#snapshot(),
    };
  }

  #range(): RangeChoice {
    const random = this.#random;
    return {
      ...(this.#one(3) && { gte: this.#key() }),
      ...(this.#one(6) && { gt: this.#key() }),
      ...(this.#one(6) && { lte: this.#key() }),
      ...(this.#one(3) && { lt: this.#key() }),
      ...(this.#one(5) && {
        prefix: { key: this.#key(), length: random.below(PREFIX_LENGTH_MAX + 1) },
      }),
      ...(this.#one(2) && { reverse: true }),
      ...(this.#one(4) && { limit: random.below(LIMIT_MAX) }),
    };
  }

  #move(): CursorMove {
    const moves = ['next', 'next', 'next', 'previous', 'previous', 'first', 'last'] as const;
    const choice = this.#random.below(moves.length + 3);
    if (choice < moves.length) return { move: moves[choice]! };
    return { move: this.#one(2) ? 'seek' : 'seekBefore', to: this.#key() };
  }

  /** One key in three is usually never written. */
  #key(): number {
    const { keyCount } = this.#profile;
    return this.#one(3) ? this.#random.below(2 * keyCount) : this.#random.below(keyCount);
  }

  /** Half of everything happens in the default keyspace. */
  #keyspace(): number {
    return this.#one(2) ? 0 : this.#random.below(KEYSPACE_COUNT + 1);
  }

  #snapshot(): number | null {
    return this.#one(4) ? this.#slot() : null;
  }

  #slot(): number {
    return this.#random.below(SLOT_COUNT);
  }

  #form(): Form {
    return this.#one(2) ? 'sync' : 'async';
  }

  #waits(): { readonly waiting: Waiting } {
    return { waiting: this.#one(2) ? 'later' : 'now' };
  }

  #count(most: number): number {
    return 1 + this.#random.below(most);
  }

  #list<T>(lengthMax: number, make: () => T): T[] {
    return Array.from({ length: this.#count(lengthMax) }, make);
  }

  /** True one time in `count`. */
  #one(count: number): boolean {
    return this.#random.below(count) === 0;
  }
}
