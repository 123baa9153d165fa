/** What the stores of both adapters of Varve do alike: scans by the cursor, and everything around them. */
import type { Done, EngineStore, ScanRange, StoreSettings } from './engine.js';
import { describeVarve, rangeOptions, settleVarve, type VarveDatabase } from './varve.js';

type Visit = (key: Uint8Array, value: Uint8Array) => void;

/** An open database; the subclasses say by which API entries are read and written. */
export abstract class VarveStore implements EngineStore {
  protected readonly db: VarveDatabase;
  readonly #settings: StoreSettings;

  constructor(db: VarveDatabase, settings: StoreSettings) {
    this.db = db;
    this.#settings = settings;
  }

  abstract put(key: Buffer, value: Buffer): Done;
  abstract del(key: Buffer): Done;
  abstract batch(keys: readonly Buffer[], values: readonly Buffer[]): Done;
  abstract get(key: Buffer): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  abstract entries(range: ScanRange): number | Promise<number>;

  getMany(keys: readonly Buffer[]): Promise<(Uint8Array | undefined)[]> {
    return this.db.getMany(keys);
  }

  scan(range: ScanRange, visit?: Visit): number {
    return range.reverse ? this.#scanBackward(range, visit) : this.#scanForward(range, visit);
  }

  compact(): Promise<void> {
    return this.db.compact();
  }

  settle(): Promise<boolean> {
    return settleVarve(this.db);
  }

  describe(): Record<string, string | number | boolean> {
    return describeVarve(this.#settings);
  }

  /** Its statistics leave out the log, which the kernel counts. */
  writtenBytes(): null {
    return null;
  }

  close(): Promise<void> {
    return this.db.close();
  }

  #scanForward({ from, limit = Number.POSITIVE_INFINITY }: ScanRange, visit?: Visit): number {
    using cursor = this.db.cursor();
    if (from === undefined) cursor.first();
    else cursor.seek(from);
    let entryCount = 0;
    for (; cursor.valid && entryCount < limit; cursor.next()) {
      entryCount += 1;
      if (visit !== undefined) visit(cursor.keyBytes, cursor.valueBytes);
    }
    return entryCount;
  }

  #scanBackward({ from, limit = Number.POSITIVE_INFINITY }: ScanRange, visit?: Visit): number {
    using cursor = this.db.cursor(rangeOptions(from === undefined ? {} : { from, reverse: true }));
    cursor.last();
    let entryCount = 0;
    for (; cursor.valid && entryCount < limit; cursor.previous()) {
      entryCount += 1;
      if (visit !== undefined) visit(cursor.keyBytes, cursor.valueBytes);
    }
    return entryCount;
  }
}
