// Finds a short list of operations that still fails, by leaving out parts of a long one (ddmin, Zeller and Hildebrandt).

/** Tells whether the given items still fail. */
export type Fails<T> = (items: readonly T[]) => Promise<boolean>;

/**
 * Leaves out items as long as the rest fails and `mayGoOn()` is true; at the end, unless it was stopped, every single item
 * is needed. The order is kept. Requires: `items` fails.
 */
export async function shrink<T>(
  items: readonly T[],
  fails: Fails<T>,
  mayGoOn: () => boolean = () => true,
): Promise<readonly T[]> {
  if (await fails([])) return [];
  let kept = items;
  let partCount = 2;
  while (kept.length >= 2 && mayGoOn()) {
    const smaller = await withoutOnePart(kept, partCount, { fails, mayGoOn });
    if (smaller !== null) {
      kept = smaller;
      partCount = Math.max(2, partCount - 1);
    } else if (partCount >= kept.length) return kept;
    else partCount = Math.min(kept.length, partCount * 2);
  }
  return kept;
}

async function withoutOnePart<T>(
  items: readonly T[],
  partCount: number,
  { fails, mayGoOn }: { readonly fails: Fails<T>; readonly mayGoOn: () => boolean },
): Promise<readonly T[] | null> {
  // From the end: what comes last needs what came before, not the other way round.
  for (let part = partCount - 1; part >= 0 && mayGoOn(); part--) {
    const start = Math.floor((part * items.length) / partCount);
    const end = Math.floor(((part + 1) * items.length) / partCount);
    const rest = [...items.slice(0, start), ...items.slice(end)];
    if (await fails(rest)) return rest;
  }
  return null;
}
