// Looks after every error that was injected: somebody was told of it, or a listed rule says why nobody has to be (bar B3).
//
// An error reaches people as it is, as the cause of another, or as an event of background work that is tried again. Errors
// that come from another thread are copies, so they are recognized by their text, which names the call and the file.

import { isStorageError, type StorageErrorCode } from '@varve/base';
import type { FileCall, InjectedFault } from '@varve/vfs';

/** Why an error of some calls may be passed over in silence. */
export interface AbsorptionRule {
  readonly operations: readonly FileCall['operation'][];
  /** Matches the last name of the path. */
  readonly name: RegExp;
  /** Bytes of the transfer. Default: any. */
  readonly length?: number;
  /** The fewest bytes of the transfer. Default: any. */
  readonly lengthMin?: number;
  /** Of the error. Default: any. */
  readonly codes?: readonly StorageErrorCode[];
  /** Somebody was told of another error with this code, or with the code of this one. Default: that is of no importance. */
  readonly toldCode?: StorageErrorCode | 'own';
  /** The same call was made once more, and went well. Default: that is of no importance. */
  readonly madeAgain?: true;
  readonly why: string;
}

/** A record without content is its header. */
const RECORD_HEADER_SIZE_BYTES = 16;
/** Zeros are written ahead in pieces of 256 KiB, the last a little shorter; the records of the drivers are far smaller. */
const ZERO_FILL_SIZE_BYTES_MIN = 128 * 1024;
const NUMBERED = /^(?:\d+\.(?:log|sst|tmp)|MANIFEST-\d+)$/;
const OF_DATABASE = /^(?:\d+\.(?:log|sst|tmp)|MANIFEST-\d+|CURRENT|RESERVE)$/;

/** See {@link AbsorptionRule}. */
export const ABSORPTION_RULES: readonly AbsorptionRule[] = [
  {
    operations: ['remove', 'exists'],
    name: NUMBERED,
    codes: ['IO', 'NO_SPACE', 'READ_ONLY'],
    why: 'I10: a file that cannot be removed is tried again, or found as an orphan',
  },
  {
    operations: ['close'],
    name: /^(?:\d+\.sst|MANIFEST-\d+)$/,
    codes: ['IO', 'NO_SPACE'],
    why: 'I12: nothing depends on closing: what is needed was synced before',
  },
  {
    operations: ['close', 'remove', 'exists'],
    name: OF_DATABASE,
    toldCode: 'own',
    why: 'I12: what is given back because of an error that was told need not tell of the same once more',
  },
  {
    operations: ['write'],
    name: /^MANIFEST-/,
    length: RECORD_HEADER_SIZE_BYTES,
    why: 'M2: a marker or end record only attests; the manifest takes no more edits and is replaced',
  },
  {
    operations: ['write'],
    name: /^\d+\.log$/,
    lengthMin: ZERO_FILL_SIZE_BYTES_MIN,
    codes: ['NO_SPACE'],
    why: 'I5: zeros ahead of the records of a log are good to have, not needed',
  },
  {
    operations: ['write'],
    name: /^\d+\.log$/,
    length: RECORD_HEADER_SIZE_BYTES,
    codes: ['NO_SPACE'],
    why: 'I5: an end record only attests; a log without one is read as after a crash',
  },
  {
    operations: ['freeSpace'],
    name: /^\d+\.log$/,
    why: 'I5: whether there is space for zeros ahead need not be known',
  },
  {
    operations: ['freeSpace'],
    name: /^database$/,
    why: 'I5: a merge is tried again where nobody knows whether it fits',
  },
  {
    operations: ['exists', 'stat', 'remove', 'freeSpace', 'create', 'write', 'syncData'],
    name: /^RESERVE$/,
    why: 'I5: the reserve is good to have, not needed',
  },
  {
    operations: ['stat'],
    name: /^\d+\.sst$/,
    why: 'I6: a file of a table that could not be known again stays open',
  },
  {
    operations: ['open', 'create', 'list', 'syncDirectory'],
    name: /./,
    codes: ['TOO_MANY_FILES'],
    madeAgain: true,
    why: 'I6: files of tables are closed, and the call is made once more',
  },
  {
    operations: ['open'],
    name: /^\d+\.sst$/,
    codes: ['TOO_MANY_FILES'],
    toldCode: 'own',
    why: 'I6: that files are lacking is told, as whoever looks whether the table is there has met it',
  },
  {
    operations: ['stat'],
    name: /^database$/,
    codes: ['NO_SPACE'],
    toldCode: 'NO_SPACE',
    why: 'I5: while writing is suspended, and that was told, what further attempts meet is not told each time',
  },
  { operations: ['unlock'], name: /^LOCK$/, why: 'P2: the lock goes with the process' },
];

/**
 * Says which injected error nobody was told of, although no rule allows that; null if there is none. \`absorbed\` is told
 * which rule was needed. Faults without an error, such as a read that ends early, are judged by what the database answers.
 */
export function accountFor(
  injected: readonly InjectedFault[],
  told: readonly unknown[],
  absorbed: (why: string) => void,
): string | null {
  const texts = new Set(told.flatMap(messagesOf));
  const toldCodes = new Set(told.flatMap(withCauses).map(codeOf));
  for (const { call, error, isMadeAgain } of injected) {
    if (error === undefined || texts.has(error.message)) continue;
    const rule = ABSORPTION_RULES.find(
      ({
        operations,
        name,
        length = call.length,
        lengthMin = 0,
        codes,
        toldCode,
        madeAgain = isMadeAgain,
      }) =>
        operations.includes(call.operation) &&
        name.test(lastNameOf(call.path)) &&
        length === call.length &&
        (call.length ?? 0) >= lengthMin &&
        (codes === undefined || (isStorageError(error) && codes.includes(error.code))) &&
        madeAgain === isMadeAgain &&
        (toldCode === undefined || toldCodes.has(toldCode === 'own' ? codeOf(error) : toldCode)),
    );
    if (rule === undefined) return `nobody was told: ${error.message}`;
    absorbed(rule.why);
  }
  return null;
}

/** The messages of an error and of its causes. */
export function messagesOf(error: unknown): string[] {
  return withCauses(error).map(({ message }) => message);
}

function withCauses(error: unknown): Error[] {
  const errors: Error[] = [];
  for (let one = error; one instanceof Error; one = one.cause) errors.push(one);
  return errors;
}

/** The code of an error; undefined if it has none. */
export function codeOf(error: unknown): StorageErrorCode | undefined {
  return isStorageError(error) ? error.code : undefined;
}

function lastNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
