/**
 * An explicit snapshot: one of the engine, closed when the last read that uses it has ended.
 *
 * abstract-level counts the reads; the engine's snapshot is given up when it says so.
 */
import type { Snapshot } from '@varve/engine';
import { AbstractSnapshot } from 'abstract-level';

/** What abstract-level passes to the constructor of a snapshot; its types do not say. */
type SnapshotConstructor = new (options: object) => AbstractSnapshot;

/** A state of the database; pass it as `{ snapshot }` to a read. */
export class VarveSnapshot extends (AbstractSnapshot as SnapshotConstructor) {
  /** For reads of the engine. */
  readonly readOptions: { readonly snapshot: Snapshot };

  /** Made by `VarveLevel.snapshot()`, of a snapshot that there is: from here on closing the database closes it. */
  constructor(snapshot: Snapshot, options: object) {
    super(options);
    this.readOptions = { snapshot };
  }

  /** Called by abstract-level once no read needs the snapshot. */
  async _close(): Promise<void> {
    this.readOptions.snapshot.close();
  }
}
