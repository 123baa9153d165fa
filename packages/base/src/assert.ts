// Assertions: the family of failures that mean "this program is wrong".
//
// A failed assertion throws BugError, which is never caught to carry on and has no code. What can
// go wrong in a right program (a full disk, a damaged file, a closed database) is a StorageError
// instead: see errors.ts.

/**
 * A broken invariant: a bug in Varve, or in a caller that ignored a documented requirement.
 * Retrying does not help.
 */
export class BugError extends Error {
  override readonly name = 'BugError';
}

/**
 * Throws {@link BugError} unless `condition` is truthy. On a hot path pass a constant `message`: a
 * template string is built at every call, whether it is needed or not.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BugError(message);
}

/**
 * Closes a switch over a union: it does not compile while a case is missing, and throws {@link
 * BugError} if a value from outside the union arrives at run time.
 */
export function assertNever(value: never): never {
  throw new BugError(`Unexpected value: ${String(value)}`);
}
