// What a run of the model test does, as plain data.
//
// Everything random about an operation is decided when it is generated, so a list of operations, or any part of it, runs
// the same way again; that is what shrinking and replaying rest on. Keys are numbers (keys.ts makes the key), values are
// sizes (the content follows from the operation's id), and what lives longer than one operation (snapshots, iterators,
// cursors, keyspaces) is named by a slot. An operation on an empty slot does nothing.

import type { Durability } from '@varve/engine';
import type { CrashModel } from '@varve/vfs';

/** Whether the synchronous or the asynchronous form of a call is used. */
export type Form = 'sync' | 'async';

/** Whether the next operation waits for this one. What is asynchronous may be waited for `'later'`. */
export type Waiting = 'now' | 'later';

/** How a write is made; `durability` null leaves it to the database. */
export interface Manner {
  readonly form: Form;
  readonly waiting: Waiting;
  readonly durability: Durability | null;
}

/** One entry of a write; `sizeBytes` null deletes. */
export interface EntryChange {
  readonly keyspace: number;
  readonly key: number;
  readonly sizeBytes: number | null;
}

/** Bounds of a read. Each is the number of a key; a prefix is the start of one. */
export interface RangeChoice {
  readonly gt?: number;
  readonly gte?: number;
  readonly lt?: number;
  readonly lte?: number;
  readonly prefix?: { readonly key: number; readonly length: number };
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** What a scan gives. */
export type ScanPart = 'entries' | 'keys' | 'values';

/** A scan, to be read at once or kept open. `snapshot` is a slot; null or an empty slot reads the newest state. */
export interface ScanChoice {
  readonly keyspace: number;
  readonly range: RangeChoice;
  readonly part: ScanPart;
  readonly form: Form;
  readonly snapshot: number | null;
}

/** One move of a cursor; `to` is the number of a key. */
export type CursorMove =
  | { readonly move: 'first' | 'last' | 'next' | 'previous' }
  | { readonly move: 'seek' | 'seekBefore'; readonly to: number };

/** What an operation does, by kind. */
export type OperationBody =
  | { readonly kind: 'put'; readonly entry: EntryChange; readonly manner: Manner }
  | {
      readonly kind: 'batch';
      readonly keyspace: number;
      readonly entries: readonly EntryChange[];
      readonly manner: Manner;
    }
  /** Removes a range, waited for at once: how many sequences it takes is known only when nothing comes between. */
  | {
      readonly kind: 'clear';
      readonly keyspace: number;
      readonly range: RangeChoice;
      readonly snapshot: number | null;
      readonly durability: Durability | null;
    }
  /** A write with one operation too many: it must be refused as a whole. */
  | {
      readonly kind: 'refused';
      readonly fault: 'key-too-large' | 'wrong-type';
      readonly entries: readonly EntryChange[];
      /** The faulty operation stands before the entry of this index; null: it is a put of its own. */
      readonly at: number | null;
      readonly form: Form;
    }
  | {
      readonly kind: 'get' | 'has';
      readonly keyspace: number;
      readonly key: number;
      readonly form: Form;
      readonly waiting: Waiting;
      readonly snapshot: number | null;
    }
  /** One `getMany`, or as many single reads started together. */
  | {
      readonly kind: 'getMany' | 'gets';
      readonly keyspace: number;
      readonly keys: readonly number[];
      readonly waiting: Waiting;
      readonly snapshot: number | null;
    }
  | { readonly kind: 'scan'; readonly scan: ScanChoice; readonly waiting: Waiting }
  | { readonly kind: 'openIterator'; readonly slot: number; readonly scan: ScanChoice }
  | {
      readonly kind: 'stepIterator';
      readonly slot: number;
      readonly count: number;
      readonly waiting: Waiting;
    }
  | { readonly kind: 'closeIterator'; readonly slot: number }
  | {
      readonly kind: 'openCursor';
      readonly slot: number;
      readonly keyspace: number;
      readonly range: RangeChoice;
      readonly snapshot: number | null;
    }
  | { readonly kind: 'moveCursor'; readonly slot: number; readonly moves: readonly CursorMove[] }
  | { readonly kind: 'closeCursor'; readonly slot: number }
  | { readonly kind: 'openSnapshot' | 'closeSnapshot'; readonly slot: number }
  | { readonly kind: 'flush' | 'settle'; readonly waiting: Waiting }
  | {
      readonly kind: 'compact';
      readonly keyspace: number;
      readonly gte?: number;
      readonly lte?: number;
      readonly waiting: Waiting;
    }
  | { readonly kind: 'createKeyspace' | 'dropKeyspace'; readonly slot: number }
  /** Gives background work this many turns. */
  | { readonly kind: 'turns'; readonly count: number }
  /** Lets time pass, and everything due with it. */
  | { readonly kind: 'advance'; readonly ms: number }
  /** Waits for everything that was to be waited for later. */
  | { readonly kind: 'catchUp' }
  | { readonly kind: 'reopen'; readonly variant: number }
  | ({ readonly kind: 'crash' } & CrashChoice)
  /** As `'crash'`, but before the file operation that is the `after`-th from here on. */
  | ({ readonly kind: 'armCrash'; readonly after: number } & CrashChoice);

/** A crash, and how the database is opened after it. */
export interface CrashChoice {
  readonly model: CrashModel;
  readonly variant: number;
  /**
   * The recovery is struck as well, before the file operation of this number; the next one at half of it, and so on.
   * 0: it is not.
   */
  readonly again: number;
}

/** An operation. Its id is its place in the list it was generated in, and stays when others are left out. */
export type Operation = OperationBody & { readonly id: number };

/** An operation of one kind. */
export type OperationOf<Kind extends OperationBody['kind']> = Operation & { readonly kind: Kind };

/** Gives the operation as one line, for reports. */
export function describeOperation(operation: Operation): string {
  const { id, kind, ...rest } = operation;
  return `${String(id).padStart(5)} ${kind} ${JSON.stringify(rest)}`;
}
