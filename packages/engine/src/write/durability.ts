/**
 * The four durability words, and their order.
 *
 * A commit group has the strongest word of its writes; comparing numbers is what the hot path does.
 */

/**
 * What must hold before a write is acknowledged.
 *
 * - `'always'`: it is on disk (survives power loss). The default.
 * - `'interval'`: the operating system has it; it is on disk within `syncIntervalMs`.
 * - `'os'`: the operating system has it (survives the death of the process, not of the machine).
 * - `'none'`: it is in this process's memory only; not in the log at all. For loads that can be done again.
 */
export type Durability = 'always' | 'interval' | 'os' | 'none';

export const RANK_NONE = 0;
export const RANK_OS = 1;
export const RANK_INTERVAL = 2;
export const RANK_ALWAYS = 3;

const RANKS: Readonly<Record<Durability, number>> = {
  none: RANK_NONE,
  os: RANK_OS,
  interval: RANK_INTERVAL,
  always: RANK_ALWAYS,
};

/**
 * The rank of a durability word.
 * @throws RangeError for any other value
 */
export function durabilityRank(durability: Durability): number {
  if (Object.hasOwn(RANKS, durability)) return RANKS[durability];
  throw new RangeError(
    `Cannot use durability ${JSON.stringify(durability)}: it must be 'always', 'interval', 'os' or 'none'`,
  );
}
