/**
 * How a value of Keyv is stored: as MessagePack, `[value]`, or `[value, expiresAtMs]` when it expires.
 *
 * Keyv keeps the time of expiry inside its own text as well; here it stands beside it, so that `has`, iteration and
 * `deleteExpired` need not know how Keyv was told to serialise, compress or encrypt.
 */
import { systemClock } from '@varve/base';

/** What the keyspace holds under a key. */
export type StoredValue =
  | readonly [value: unknown]
  | readonly [value: unknown, expiresAtMs: number];

/** @param expiresAtMs milliseconds since 1970; undefined: never */
export function toStored(value: unknown, expiresAtMs: number | undefined): StoredValue {
  return expiresAtMs === undefined ? [value] : [value, expiresAtMs];
}

/** The value, or `undefined` when there is none or its time is over. */
export function liveValue(stored: StoredValue | undefined): unknown {
  return isLive(stored) ? stored[0] : undefined;
}

/** Whether there is a value whose time is not over. */
export function isLive(stored: StoredValue | undefined): stored is StoredValue {
  return stored !== undefined && !isExpired(stored);
}

/** Whether the time of a value is over. */
export function isExpired(stored: StoredValue): boolean {
  const expiresAtMs = stored[1];
  return expiresAtMs !== undefined && expiresAtMs <= systemClock.wallMs();
}
