/**
 * The concatenation of runs that do not overlap: one cursor over a whole level.
 *
 * A level of disjoint, ascending tables is one sorted run cut into files, so its cursor needs only one open table at a
 * time: it asks `locate` which table to start in, and steps to the neighbour when one ends. Cursors of tables are made
 * when first needed, because a short scan touches one table of hundreds.
 */
import { CursorStatus, type EntryCursor } from '@varve/base';

/** What a level must offer to be walked. Implemented by the reader of levels, over its tables. */
export interface RunList {
  readonly runCount: number;
  /** Opens a cursor over the run at `runIndex`: `previous`, which is not needed any more, or a new one. */
  open(runIndex: number, previous: EntryCursor | null): EntryCursor;
  /** The first run whose largest key is at or after the key; `runCount` when there is none. */
  locate(key: Uint8Array, start: number, end: number): number;
}

type Direction = 1 | -1;

const EMPTY = new Uint8Array(0);

export class LevelCursor implements EntryCursor {
  valid = false;
  keyBytes: Uint8Array = EMPTY;
  keyOffset = 0;
  keyLength = 0;
  valueBytes: Uint8Array = EMPTY;
  valueOffset = 0;
  valueLength = 0;
  sequence = 0;
  kind = 0;

  readonly #runs: RunList;
  #runIndex = -1;
  #run: EntryCursor | null = null;
  #direction: Direction = 1;

  constructor(runs: RunList) {
    this.#runs = runs;
  }

  first(): number {
    return this.#enterAtEdge(0, 1);
  }

  last(): number {
    return this.#enterAtEdge(this.#runs.runCount - 1, -1);
  }

  seek(key: Uint8Array, start: number, end: number): number {
    this.#direction = 1;
    const runIndex = this.#runs.locate(key, start, end);
    if (!this.#enter(runIndex)) return CursorStatus.READY;
    return this.#settle(this.#run!.seek(key, start, end));
  }

  seekBackward(key: Uint8Array, start: number, end: number): number {
    this.#direction = -1;
    const located = this.#runs.locate(key, start, end);
    const runIndex = Math.min(located, this.#runs.runCount - 1);
    if (!this.#enter(runIndex)) return CursorStatus.READY;
    return this.#settle(this.#run!.seekBackward(key, start, end));
  }

  next(): number {
    this.#direction = 1;
    return this.#settle(this.#run!.next());
  }

  previous(): number {
    this.#direction = -1;
    return this.#settle(this.#run!.previous());
  }

  load(): Promise<void> {
    return this.#run!.load();
  }

  resume(): number {
    return this.#settle(this.#run!.resume());
  }

  close(): void {
    this.#run?.close();
    this.#run = null;
    this.#runIndex = -1;
    this.valid = false;
  }

  /** Makes the run at `runIndex` current. False, and invalid, when there is none. */
  #enter(runIndex: number): boolean {
    if (runIndex < 0 || runIndex >= this.#runs.runCount) {
      this.valid = false;
      return false;
    }
    if (runIndex !== this.#runIndex) {
      this.#open(runIndex);
    }
    return true;
  }

  #open(runIndex: number): void {
    const previous = this.#run;
    // If the run cannot be opened, none is current.
    this.#runIndex = -1;
    this.#run = this.#runs.open(runIndex, previous);
    this.#runIndex = runIndex;
    if (this.#run !== previous) previous?.close();
  }

  #enterAtEdge(runIndex: number, direction: Direction): number {
    this.#direction = direction;
    if (!this.#enter(runIndex)) return CursorStatus.READY;
    return this.#settle(direction === 1 ? this.#run!.first() : this.#run!.last());
  }

  /** Takes over the position of the current run, or steps to its neighbour when it has ended. */
  #settle(status: number): number {
    while (status === CursorStatus.READY && !this.#run!.valid) {
      if (!this.#enter(this.#runIndex + this.#direction)) return CursorStatus.READY;
      status = this.#direction === 1 ? this.#run!.first() : this.#run!.last();
    }
    if (status === CursorStatus.READY) this.#expose(this.#run!);
    return status;
  }

  #expose(run: EntryCursor): void {
    this.valid = true;
    this.keyBytes = run.keyBytes;
    this.keyOffset = run.keyOffset;
    this.keyLength = run.keyLength;
    this.valueBytes = run.valueBytes;
    this.valueOffset = run.valueOffset;
    this.valueLength = run.valueLength;
    this.sequence = run.sequence;
    this.kind = run.kind;
  }
}
