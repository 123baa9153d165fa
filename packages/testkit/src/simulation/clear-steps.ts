// What a client does when it clears: it writes keys that nobody else has, clears them beside writes to some, and looks at what
// is left. What was there when clear() was called must be gone unless it was written to since; what was written since stays.
//
// The keys are in a keyspace of their own, of which the history knows nothing: deletions of a clear() come in batches of its
// own making, at places in the order of commits that nobody is told. What a crash leaves of them is not judged.

import type { Keyspace } from '@varve/engine';
import { shown } from '../model-test/keys.js';
import { refuteError } from './error-rules.js';
import type { ClearWrite, OperationOf } from './operation.js';
import type { RunContext } from './run-context.js';

type Clearing = OperationOf<'clear'>;
type TextKeyspace = Keyspace<string, string>;

const KEYSPACE_NAME = 'cleared';
const KEY_DIGITS = 5;
/** Behind every digit. */
const END = ':';

/** Carries out a clear, and checks what is left if the process is still there and nothing failed. */
export async function clear(
  run: RunContext,
  operation: Clearing,
  isCurrent: () => boolean,
): Promise<void> {
  try {
    const left = await clearBesideWrites(run, operation);
    if (isCurrent()) run.violate(refuteLeft(operation, left));
  } catch (error) {
    if (isCurrent()) run.violate(refuteError(run, error));
  }
}

async function clearBesideWrites(
  run: RunContext,
  operation: Clearing,
): Promise<ReadonlyMap<string, string>> {
  const { keyCount, writes, limit, reverse } = operation;
  const keyspace = await run.store.database.keyspace(KEYSPACE_NAME);
  const [gte, lt] = [prefixOf(operation), `${prefixOf(operation)}${END}`];
  await keyspace.batch(
    Array.from({ length: keyCount }, (_, key) => ({
      ...({ type: 'put', key: keyOf(operation, key), value: 'old' } as const),
    })),
  );
  const begun = writes.filter(({ pauseMs }) => pauseMs === null);
  const early = begun.map((one) => write(run, keyspace, keyOf(operation, one.key), one));
  const clearing = keyspace.clear({
    ...{ gte, lt, reverse },
    ...(limit !== null && { limit }),
  });
  const late = writes
    .filter(({ pauseMs }) => pauseMs !== null)
    .map((one) => write(run, keyspace, keyOf(operation, one.key), one));
  await allEnded([clearing, ...early, ...late]);
  const left = new Map<string, string>();
  for await (const [key, value] of keyspace.entries({ gte, lt })) left.set(key, value);
  return left;
}

async function write(
  run: RunContext,
  keyspace: TextKeyspace,
  key: string,
  { pauseMs, form }: ClearWrite,
): Promise<void> {
  const ms = pauseMs ?? 0;
  if (ms > 0) await new Promise<void>((resolve) => run.scheduler.delay(ms, resolve));
  const value = pauseMs === null ? 'early' : 'late';
  if (form === 'async') await keyspace.put(key, value);
  else keyspace.putSync(key, value);
}

/** Resolves when all have ended, so that nothing is under way any more; rejects with the first error. */
async function allEnded(promises: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(promises);
  await Promise.all(promises);
}

/** Says why this must not be left; null if it may. */
export function refuteLeft(operation: Clearing, left: ReadonlyMap<string, string>): string | null {
  const allowed = allowedAfter(operation);
  for (const key of new Set([...allowed.keys(), ...left.keys()])) {
    const value = left.get(key);
    const values = allowed.get(key) ?? [undefined];
    if (values.includes(value)) continue;
    return `clear() left ${shown(key)} with ${shown(value)}, not with ${values.map(shown).join(' or ')}`;
  }
  return null;
}

/** What each key may hold at the end. */
function allowedAfter(operation: Clearing): Map<string, readonly (string | undefined)[]> {
  const { keyCount, writes, limit, reverse } = operation;
  const keyNumbers = Array.from({ length: keyCount }, (_, key) => key);
  // Whether an early write makes a key exist in time to be counted is open; none does where there is a limit.
  if (reverse) keyNumbers.reverse();
  const cleared = new Set(keyNumbers.slice(0, limit ?? keyCount));
  const allowed = new Map<string, readonly (string | undefined)[]>();
  for (const key of keyNumbers) {
    allowed.set(keyOf(operation, key), [cleared.has(key) ? undefined : 'old']);
  }
  for (const { key, pauseMs } of writes) {
    const isCleared = cleared.has(key) || key >= keyCount;
    const early = isCleared ? [undefined, 'early'] : ['early'];
    allowed.set(keyOf(operation, key), pauseMs === null ? early : ['late']);
  }
  return allowed;
}

function prefixOf({ id, client }: Clearing): string {
  return `${client}/${id}/`;
}

function keyOf(operation: Clearing, key: number): string {
  return `${prefixOf(operation)}${String(key).padStart(KEY_DIGITS, '0')}`;
}
