// What a simulation does, as plain data: a list of operations, each of one client of the database.
//
// Clients work beside each other; each waits for its operation to end before it begins the next. Everything random about an
// operation is decided when it is generated, so any part of a list can be run: that is what shrinking and replaying rest on.

import type { Durability } from '@varve/engine';
import type { CrashModel, Errno, FileOperation, SyncFailureModel } from '@varve/vfs';

/** One entry of a batch; `sizeBytes` null deletes. Keys are numbers. */
export interface EntryChange {
  readonly key: number;
  readonly sizeBytes: number | null;
}

/** Bounds of a scan, in keys. */
export interface ScanRange {
  readonly gte?: number;
  readonly lt?: number;
  readonly reverse?: boolean;
  readonly limit?: number;
}

type Form = 'sync' | 'async';

/** A write beside a clear, so many milliseconds after it was called; null: begun just before, and not waited for. */
export interface ClearWrite {
  readonly key: number;
  readonly pauseMs: number | null;
  readonly form: Form;
}

/** How a crash looks, and how the database is opened after it. */
export interface CrashChoice {
  readonly model: CrashModel;
  readonly variant: number;
  /** The opening is struck as well, before this call of it. 0: it is not. */
  readonly again: number;
}

/** How the database is opened again after it was closed. */
export interface Reopening {
  readonly variant: number;
  /** What fails meanwhile: if it cannot be opened because of that, it is opened once more without. Default: nothing. */
  readonly faults?: readonly Fault[];
}

/** What an operation does, by kind. */
export type OperationBody =
  | {
      readonly kind: 'write';
      readonly entries: readonly EntryChange[];
      readonly form: Form;
      readonly durability: Durability | null;
    }
  | { readonly kind: 'get'; readonly key: number; readonly form: Form }
  | { readonly kind: 'getMany'; readonly keys: readonly number[] }
  | { readonly kind: 'scan'; readonly range: ScanRange; readonly form: Form }
  | { readonly kind: 'openSnapshot' | 'closeSnapshot' }
  /** Reads from the client's snapshot, if it has one. */
  | { readonly kind: 'readSnapshot'; readonly keys: readonly number[]; readonly range: ScanRange }
  | { readonly kind: 'flush' | 'settle' }
  | { readonly kind: 'compact'; readonly gte?: number; readonly lte?: number }
  /** Clears keys of its own, all of them or the first `limit`, beside writes to different ones. */
  | {
      readonly kind: 'clear';
      readonly keyCount: number;
      readonly limit: number | null;
      readonly reverse: boolean;
      readonly writes: readonly ClearWrite[];
    }
  /** The client waits. */
  | { readonly kind: 'pause'; readonly ms: number }
  /** The time of day jumps, and with it all time. */
  | { readonly kind: 'jump'; readonly ms: number }
  | ({ readonly kind: 'reopen' } & Reopening)
  /** `after` 0: now; otherwise before the call to the file system that is the `after`-th from now on. */
  | ({ readonly kind: 'crash'; readonly after: number } & CrashChoice)
  | ({ readonly kind: 'fault' } & Fault)
  /** The device has this much space left; null: as much as one likes. */
  | { readonly kind: 'space'; readonly freeBytes: number | null }
  /** Nothing fails any more. */
  | { readonly kind: 'heal' };

/** A fault of the file system: of the `nth` call from now on of this operation on such a path, once or from then on. */
export interface Fault {
  readonly operation: FileOperation;
  readonly path: string;
  readonly nth: number;
  readonly duration: 'once' | 'sticky';
  readonly effect:
    | { readonly kind: 'error'; readonly errno: Errno }
    | { readonly kind: 'short'; readonly sizeBytes: number }
    | { readonly kind: 'delay'; readonly ms: number };
  /** What becomes of what a failed sync was to cover. */
  readonly syncModel: SyncFailureModel;
}

/** An operation. Its id is its place in the list it was generated in, and stays when others are left out. */
export type Operation = OperationBody & { readonly id: number; readonly client: number };

/** An operation of one kind. */
export type OperationOf<Kind extends OperationBody['kind']> = Operation & { readonly kind: Kind };

/** Gives the operation as one line, for reports. */
export function describeOperation({ id, client, kind, ...rest }: Operation): string {
  return `${String(id).padStart(5)} client ${client}  ${kind} ${JSON.stringify(rest)}`;
}
