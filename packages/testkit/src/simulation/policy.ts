// Which of the tasks that are ready comes next. Every policy but `fifo` lets anything through now and then, so that nothing
// waits for ever for something that only waits for it.

import type { Random } from '@varve/base';

/** Who asked for a task: a client of the database, a kind of file, or the clock. */
export type Actor = string;

/** What a policy sees of a task. */
export interface Choice {
  readonly actor: Actor;
  /** Whether it is a sync of a file or directory. */
  readonly isSync: boolean;
}

/**
 * - `'uniform'`: all alike.
 * - `'fifo'`, `'lifo'`: what was asked for first, or last.
 * - `'starve'`: one actor gets its turn only when nobody else has anything to do.
 * - `'delay-fsync'`: so do all syncs.
 * - `'swizzle'`: actors are held back and let go again, one after the other, in random order.
 */
export const POLICY_NAMES = [
  ...(['uniform', 'fifo', 'lifo', 'starve', 'delay-fsync', 'swizzle'] as const),
] as const;

export type PolicyName = (typeof POLICY_NAMES)[number];

/** Gives the index of the next task among those that are ready, oldest first. */
export type Policy = (choices: readonly Choice[], random: Random) => number;

/** What is held back gets its turn all the same, one time in this many. */
const FAIR_STRIDE = 32;
/** One step in this many changes who is held back. */
const SWIZZLE_STRIDE = 12;
const STARVED: readonly Actor[] = ['client 0', 'log', 'table', 'manifest', 'directory', 'turn'];

/** Makes a policy; the seed decides what it leaves open. */
export function createPolicy(name: PolicyName, seed: number): Policy {
  switch (name) {
    case 'uniform':
      return uniform;
    case 'fifo':
      return () => 0;
    case 'lifo':
      return fairly((choices) => choices.length - 1);
    case 'starve': {
      const starved = STARVED[seed % STARVED.length]!;
      return fairly(without(({ actor }) => actor === starved));
    }
    case 'delay-fsync':
      return fairly(without(({ isSync }) => isSync));
    case 'swizzle':
      return fairly(swizzle());
  }
}

function uniform(choices: readonly Choice[], random: Random): number {
  return random.below(choices.length);
}

function fairly(policy: Policy): Policy {
  return (choices, random) =>
    random.below(FAIR_STRIDE) === 0 ? uniform(choices, random) : policy(choices, random);
}

/** Any task but those, while there are others. */
function without(isHeldBack: (choice: Choice) => boolean): Policy {
  return (choices, random) => {
    const free = choices.flatMap((choice, index) => (isHeldBack(choice) ? [] : [index]));
    if (free.length === 0) return uniform(choices, random);
    return free[random.below(free.length)]!;
  };
}

function swizzle(): Policy {
  const heldBack = new Set<Actor>();
  const pick = without(({ actor }) => heldBack.has(actor));
  return (choices, random) => {
    if (random.below(SWIZZLE_STRIDE) === 0) {
      const { actor } = choices[random.below(choices.length)]!;
      if (!heldBack.delete(actor)) heldBack.add(actor);
      const [first] = heldBack;
      if (random.below(2) === 0 && first !== undefined) heldBack.delete(first);
    }
    return pick(choices, random);
  };
}
