// What the operations of clients use of a run.

import type { Durability, Snapshot } from '@varve/engine';
import type { KeyMaker } from '../model-test/keys.js';
import type { History } from './history.js';
import type { ImagePoints } from './image-points.js';
import type { Machine } from './machine.js';
import type { Operation, OperationOf, Reopening } from './operation.js';
import type { Scheduler } from './scheduler.js';
import type { SpreadStore } from './spread-store.js';

/** A client: what it has yet to do, whether it is at work, and its snapshot with the last batch in it. */
export interface Client {
  readonly operations: Operation[];
  isBusy: boolean;
  snapshot: { readonly snapshot: Snapshot; readonly index: number } | null;
}

/** See the head of this file. */
export interface RunContext {
  readonly history: History;
  readonly scheduler: Scheduler;
  readonly machine: Machine;
  readonly points: ImagePoints;
  readonly keyOf: KeyMaker;
  readonly store: SpreadStore;
  /** The durability that writes have which ask for none. */
  readonly durability: Durability;
  readonly phase: 'opening' | 'running' | 'closing';
  client(number: number): Client;
  /** Something must not have happened, unless it is null. The first such thing ends the run. */
  violate(message: string | null): void;
  /** The database is to be closed and opened again. */
  requestReopen(how: Reopening): void;
  /** The machine or the process stops, now or at a later call to the file system. */
  requestCrash(operation: OperationOf<'crash'>): void;
  /** From now on something fails; not for ever. */
  noteFault(): void;
}
