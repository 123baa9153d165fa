// Everything that a simulation depends on, as plain data, and how it is drawn from a seed.

import { createRandom, type Random } from '@varve/base';
import type { CrashModel, Errno, FileOperation, SyncFailureModel } from '@varve/vfs';
import type { CrashChoice, Fault, Operation, OperationBody, ScanRange } from './operation.js';
import { POLICY_NAMES, type PolicyName } from './policy.js';
import { FAULT_WEIGHTS, type Profile } from './profiles.js';

/** See the head of this file. */
export interface SimulationCase {
  readonly seed: number;
  /** Name of the profile. */
  readonly profile: string;
  readonly policy: PolicyName;
  /** What an operation on a file takes. */
  readonly latencyMs: number;
  /** The only crash model; null: all. */
  readonly model: CrashModel | null;
  readonly operations: readonly Operation[];
  /**
   * At how many of the moments at which the machine may stop it is seen what that would leave. `'ended'`: mostly when something has
   * just been acknowledged, which does not depend on how many other moments there are.
   */
  readonly images: 'none' | 'some' | 'ended' | 'all';
  /** The choices of the scheduler that are not the oldest task, by step; null: the policy's. */
  readonly choices: readonly (readonly [step: number, place: number])[] | null;
}

/** What a case is drawn from. */
export interface CaseIdentity {
  readonly profile: Profile;
  readonly seed: number;
  readonly operationCount: number;
  readonly model: CrashModel | null;
  /** Default: drawn. */
  readonly policy?: PolicyName | undefined;
}

/** What a crash may leave: see `CrashModel`. */
export const CRASH_MODELS: readonly CrashModel[] = ['kill', 'drop', 'ordered', 'posix', 'single'];
const CLIENT_COUNTS = [1, 2, 4, 4, 8];
const LATENCIES_MS = [0, 0, 0.2, 4];
const PAUSES_MS = [1, 11, 150];
const CLEAR_PAUSES_MS: readonly (number | null)[] = [null, 0, 0, 1, 1, 9, 30];
const JUMPS_MS = [50, 5_000, 3_600_000];
const CALL_COUNTS = [5, 40, 300];
const SPACES_BYTES = [0, 2_000, 50_000];
/** Opening a small database takes about as many calls. */
const OPENING_CALL_COUNT = 60;
/** Of calls of one kind. */
const OPENING_FAULT_CALL_MAX = 3;
const KEY_LIST_LENGTH_MAX = 8;
const LIMIT_MAX = 10;

/** What can fail, and how. */
const FAULTS: readonly (readonly [FileOperation, readonly string[], readonly Errno[]])[] = [
  ['write', ['*.log', '*.sst', 'MANIFEST*'], ['EIO', 'ENOSPC']],
  ['syncData', ['*.log', '*.sst', 'MANIFEST*', 'CURRENT*'], ['EIO', 'ENOSPC']],
  ['syncDirectory', ['*'], ['EIO']],
  ['create', ['*.log', '*.sst', 'MANIFEST*', '*'], ['EMFILE', 'ENOSPC', 'EIO']],
  ['open', ['*.sst', '*.log'], ['EMFILE', 'EIO']],
  ['read', ['*.sst'], ['EIO']],
  ['remove', ['*'], ['EIO']],
  ['rename', ['*'], ['EIO', 'ENOSPC']],
];
const SYNC_MODELS: readonly SyncFailureModel[] = ['ext4-ordered', 'xfs', 'btrfs'];
const DELAYS_MS = [1, 30, 600];

/** Draws a case. The first operations of a longer one are those of a shorter one. */
export function generateCase(identity: CaseIdentity): SimulationCase {
  const { profile, seed, operationCount, model } = identity;
  const random = createRandom(seed);
  const policy = POLICY_NAMES[random.below(POLICY_NAMES.length)]!;
  const latencyMs = pick(random, LATENCIES_MS);
  const clientCount = pick(random, CLIENT_COUNTS);
  const hasFaults = random.below(2) === 0;
  const weights = hasFaults ? { ...profile.weights, ...FAULT_WEIGHTS } : profile.weights;
  const generator = new Generator(profile, { random, weights, model });
  const operations = Array.from({ length: operationCount }, (_, id) => {
    const client = random.below(clientCount);
    return { id, client, ...generator.next() };
  });
  return {
    ...{ seed, profile: profile.name, latencyMs, model, operations },
    policy: identity.policy ?? policy,
    images: 'some',
    choices: null,
  };
}

interface GeneratorOptions {
  readonly random: Random;
  readonly weights: Profile['weights'];
  readonly model: CrashModel | null;
}

class Generator {
  readonly #profile: Profile;
  readonly #random: Random;
  readonly #model: CrashModel | null;
  readonly #kinds: readonly (readonly [kind: OperationBody['kind'], weight: number])[];
  readonly #totalWeight: number;
  readonly #hasFaults: boolean;

  constructor(profile: Profile, { random, weights, model }: GeneratorOptions) {
    this.#profile = profile;
    this.#random = random;
    this.#model = model;
    this.#hasFaults = weights.fault !== undefined;
    this.#kinds = Object.entries(weights) as [OperationBody['kind'], number][];
    this.#totalWeight = this.#kinds.reduce((sum, [, weight]) => sum + weight, 0);
  }

  next(): OperationBody {
    let place = this.#random.float() * this.#totalWeight;
    for (const [kind, weight] of this.#kinds) {
      place -= weight;
      if (place < 0) return this.#body(kind);
    }
    return this.#body('write');
  }

  #body(kind: OperationBody['kind']): OperationBody {
    switch (kind) {
      case 'write':
        return this.#write();
      case 'get':
        return { kind, key: this.#key(), form: this.#form() };
      case 'getMany':
        return { kind, keys: this.#keys() };
      case 'scan':
        return { kind, range: this.#range(), form: this.#form() };
      case 'readSnapshot':
        return { kind, keys: this.#keys(), range: this.#range() };
      case 'compact':
        return this.#one(2) ? { kind } : { kind, gte: this.#key(), lte: this.#key() };
      case 'clear':
        return this.#clear();
      case 'pause':
        return { kind, ms: this.#pick(PAUSES_MS) };
      case 'jump':
        return { kind, ms: this.#pick(JUMPS_MS) };
      case 'reopen':
        return this.#reopen();
      case 'crash':
        return { kind, after: this.#callCount(), ...this.#crash() };
      case 'fault':
        return { kind, ...this.#fault() };
      case 'space':
        return { kind, freeBytes: this.#one(3) ? null : this.#pick(SPACES_BYTES) };
      default:
        return { kind };
    }
  }

  #write(): OperationBody {
    const { batchEntryCountMax, durabilities } = this.#profile;
    const count = this.#one(2) ? this.#random.below(2) : 1 + this.#random.below(batchEntryCountMax);
    const entries = Array.from({ length: count }, () => {
      const [least, most] = this.#pick(this.#profile.valueSizes);
      const sizeBytes = this.#one(6) ? null : least + this.#random.below(most - least + 1);
      return { key: this.#random.below(this.#profile.keyCount), sizeBytes };
    });
    const form = this.#one(5) ? 'sync' : 'async';
    return { kind: 'write', entries, form, durability: this.#pick(durabilities) };
  }

  /** Now and then more keys than one batch of deletions has. With a limit, no write is under way when it is called. */
  #clear(): OperationBody {
    const keyCount = this.#one(8) ? 1_001 + this.#random.below(200) : 1 + this.#random.below(40);
    const limit = this.#one(3) ? 1 + this.#random.below(keyCount) : null;
    const reverse = this.#one(4);
    const keys = new Set(Array.from({ length: 6 }, () => this.#random.below(keyCount + 5)));
    const writes = [...keys].map((key) => ({
      key,
      pauseMs: this.#pick(limit === null ? CLEAR_PAUSES_MS : CLEAR_PAUSES_MS.slice(1)),
      form: this.#form(),
    }));
    return { kind: 'clear', keyCount, limit, reverse, writes };
  }

  /** Where anything fails, something may fail while the database is being opened. */
  #reopen(): OperationBody {
    const variant = this.#variant();
    if (!this.#hasFaults || this.#one(2)) return { kind: 'reopen', variant };
    const faults = Array.from({ length: 1 + this.#random.below(2) }, () => {
      const fault = this.#fault();
      return { ...fault, nth: 1 + this.#random.below(OPENING_FAULT_CALL_MAX) };
    });
    return { kind: 'reopen', variant, faults };
  }

  #crash(): CrashChoice {
    const drawn = this.#pick(CRASH_MODELS);
    const again = this.#one(3) ? 1 + this.#random.below(OPENING_CALL_COUNT) : 0;
    return { model: this.#model ?? drawn, variant: this.#variant(), again };
  }

  #callCount(): number {
    return this.#one(3) ? 0 : 1 + this.#random.below(this.#pick(CALL_COUNTS));
  }

  #fault(): Fault {
    const [operation, paths, errnos] = this.#pick(FAULTS);
    const errno = this.#pick(errnos);
    const common = {
      operation,
      path: this.#pick(paths),
      nth: 1 + this.#random.below(8),
      duration: this.#one(3) ? ('sticky' as const) : ('once' as const),
      syncModel: this.#pick(SYNC_MODELS),
    };
    if (this.#one(4)) {
      const effect = { kind: 'delay', ms: this.#pick(DELAYS_MS) } as const;
      return { ...common, duration: 'once', effect };
    }
    if (operation === 'write' && this.#one(2)) {
      return { ...common, effect: { kind: 'short', sizeBytes: this.#random.below(600) } };
    }
    return { ...common, effect: { kind: 'error', errno } };
  }

  #range(): ScanRange {
    return {
      ...(this.#one(3) && { gte: this.#key() }),
      ...(this.#one(3) && { lt: this.#key() }),
      ...(this.#one(2) && { reverse: true }),
      ...(this.#one(4) && { limit: 1 + this.#random.below(LIMIT_MAX) }),
    };
  }

  #keys(): number[] {
    const length = 1 + this.#random.below(KEY_LIST_LENGTH_MAX);
    return Array.from({ length }, () => this.#key());
  }

  /** One key in ten is never written. */
  #key(): number {
    return this.#random.below(Math.ceil(this.#profile.keyCount * 1.1));
  }

  #variant(): number {
    return this.#random.below(this.#profile.variants.length);
  }

  #form(): 'sync' | 'async' {
    return this.#one(2) ? 'sync' : 'async';
  }

  #pick<T>(list: readonly T[]): T {
    return pick(this.#random, list);
  }

  /** True one time in `count`. */
  #one(count: number): boolean {
    return this.#random.below(count) === 0;
  }
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)]!;
}
