// Which calls fail, and how: the rules of a FaultyFileSystem, without the failing.

import { assert, createRandom, type Random } from '@varve/base';
import type { FileCall, FileOperation } from './file-system.js';
import type { Errno } from './system-error.js';

/**
 * What happens to a call that a rule picks.
 *
 * `'error'`: it fails as if the system had reported `errno`; nothing else happens, except that a file is closed and a
 * lock given back.
 *
 * `'short'`, for reads and writes: only the first `sizeBytes` are moved. A read then ends as if the file ended there; a
 * write fails with `errno` (default `'EIO'`).
 *
 * `'corrupt'`, for reads and writes: succeeds, but one bit of the bytes moved is inverted, number `bit` modulo the
 * number of bits. A read leaves the file as it is, a write damages it.
 *
 * `'misdirect'`, for reads and writes: succeeds, but the bytes come from or go to a place `offsetBytes` further on in the
 * file (further back when negative, at most to its beginning).
 *
 * `'lateSyncError'`, for syncs of files: this one reports success although nothing was written; the next sync of the
 * same file fails with `errno` (default `'EIO'`). As ext4 with `data=journal` does.
 *
 * `'delay'`: begins `ms` later. Synchronous calls block for as long, as far as the clock that was given knows.
 *
 * `'hang'`, for asynchronous calls: never settles. Synchronous calls are left alone, since nobody could see them return.
 *
 * `'crash'`: the process dies before the call. Nothing reaches the inner file system any more: synchronous calls fail,
 * asynchronous ones never settle.
 */
export type FaultEffect =
  | { readonly kind: 'error'; readonly errno: Errno }
  | TransferEffect
  | { readonly kind: 'lateSyncError'; readonly errno?: Errno }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'crash' };

/** The effects on the bytes of a read or a write; see {@link FaultEffect}. */
export type TransferEffect =
  | { readonly kind: 'short'; readonly sizeBytes: number; readonly errno?: Errno }
  | { readonly kind: 'corrupt'; readonly bit: number }
  | { readonly kind: 'misdirect'; readonly offsetBytes: number };

/** Picks calls and says what happens to them. */
export interface FaultRule {
  /** The operations it is about. Default: all that the effect can be had on. */
  readonly operation?: FileOperation | readonly FileOperation[];
  /**
   * The paths it is about, where `*` stands for any characters. Without a `/` it is compared with the last name of the
   * path only: `*.sst`, `CURRENT`. A rename is picked by either of its paths. Default: all.
   */
  readonly path?: string;
  /** The first call that is picked, of those it is about, counted from 1. Default: 1. */
  readonly nth?: number;
  /** Picks each call whose number is a multiple of this. Not together with `nth` or `duration`. */
  readonly every?: number;
  /** Picks each call with this probability, by random numbers from `seed`. Not together with the other ways of counting. */
  readonly chance?: { readonly probability: number; readonly seed: number };
  /** `'once'`: picks one call. `'sticky'`: picks every call from then on. Default: `'once'`. */
  readonly duration?: 'once' | 'sticky';
  /** What happens to the calls it picks. */
  readonly effect: FaultEffect;
}

/** A rule at work: counts the calls it is about. */
export class ActiveRule {
  readonly effect: FaultEffect;
  readonly #rule: FaultRule;
  readonly #operations: readonly FileOperation[] | null;
  readonly #pattern: RegExp | null;
  readonly #random: Random | null;
  #matchCount = 0;

  constructor(rule: FaultRule) {
    this.effect = rule.effect;
    this.#rule = rule;
    this.#operations = operationsOf(rule);
    this.#pattern = rule.path === undefined ? null : globPattern(rule.path);
    const { chance } = rule;
    this.#random = chance === undefined ? null : createRandom(chance.seed);
    assert(
      chance === undefined ||
        [rule.nth, rule.every, rule.duration].every((one) => one === undefined),
      'A fault rule has either a chance, or a way of counting calls',
    );
    assert(
      chance === undefined || (chance.probability >= 0 && chance.probability <= 1),
      'A probability is from 0 to 1',
    );
    assert(
      rule.every === undefined || (rule.nth === undefined && rule.duration === undefined),
      'A fault rule has either every, or nth and duration',
    );
    assert((rule.every ?? 1) >= 1 && (rule.nth ?? 1) >= 1, 'A fault rule counts calls from 1');
  }

  /** Takes notice of a call; true when the rule picks it. */
  picks(call: FileCall): boolean {
    if (this.#operations !== null && !this.#operations.includes(call.operation)) return false;
    if (!this.#matchesPath(call.path) && !this.#matchesPath(call.toPath)) return false;
    this.#matchCount++;
    if (this.#random !== null) {
      return this.#random.u32() / U32_COUNT < this.#rule.chance!.probability;
    }
    const { every, nth = 1, duration = 'once' } = this.#rule;
    if (every !== undefined) return this.#matchCount % every === 0;
    return duration === 'sticky' ? this.#matchCount >= nth : this.#matchCount === nth;
  }

  #matchesPath(path: string | undefined): boolean {
    if (path === undefined) return false;
    if (this.#pattern === null) return true;
    const isWholePath = this.#rule.path?.includes('/') === true;
    return this.#pattern.test(isWholePath ? path : path.slice(path.lastIndexOf('/') + 1));
  }
}

const U32_COUNT = 2 ** 32;

const TRANSFERS: readonly FileOperation[] = ['read', 'write'];

/** The only operations that an effect can be had on, for effects that are about some only. */
const OPERATIONS_BY_EFFECT: Partial<Record<FaultEffect['kind'], readonly FileOperation[]>> = {
  short: TRANSFERS,
  corrupt: TRANSFERS,
  misdirect: TRANSFERS,
  lateSyncError: ['syncData'],
};

function operationsOf(rule: FaultRule): readonly FileOperation[] | null {
  const { operation, effect } = rule;
  const possible = OPERATIONS_BY_EFFECT[effect.kind] ?? null;
  if (operation === undefined) return possible;
  const operations = typeof operation === 'string' ? [operation] : operation;
  assert(
    possible === null || operations.every((one) => possible.includes(one)),
    `The effect ${effect.kind} can be had on these only: ${possible?.join(', ')}`,
  );
  return operations;
}

function globPattern(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
