/**
 * The merge of sorted runs: one ordered stream from a memtable, the tables of level 0 and the levels below.
 *
 * A binary heap of the children, smallest entry on top (largest when walking backward). Stepping moves the top child
 * and sifts it down, which for the usual case (one run much larger than the others) is two comparisons. Entries are
 * never copied: the cursor exposes the fields of the child on top.
 *
 * A walk keeps the direction of the move that placed it: whoever wants to turn around seeks again, as the visible
 * cursor above does. That spares every child a second resting place on the other side of the current entry.
 * A child that is PENDING suspends the whole move: `resume()` finishes that child and goes on.
 */
import { assert, CursorStatus, compareBytes, type EntryCursor } from '@varve/base';

type Direction = 1 | -1;

/** What a suspended move was doing to the children it had not reached yet. */
type Move = 'first' | 'last' | 'seek' | 'seekBackward' | 'step';

const EMPTY = new Uint8Array(0);

export class MergingCursor implements EntryCursor {
  valid = false;
  keyBytes: Uint8Array = EMPTY;
  keyOffset = 0;
  keyLength = 0;
  valueBytes: Uint8Array = EMPTY;
  valueOffset = 0;
  valueLength = 0;
  sequence = 0;
  kind = 0;

  readonly #children: EntryCursor[];
  readonly #heap: EntryCursor[] = [];
  #direction: Direction = 1;
  #move: Move = 'first';
  /** Children below this index have finished the current move; the one at it may be PENDING. */
  #settledCount = 0;
  #pending: EntryCursor | null = null;
  #target: Uint8Array = EMPTY;
  #targetStart = 0;
  #targetEnd = 0;

  /** @param children runs from newest to oldest; owned and closed by this cursor */
  constructor(children: EntryCursor[]) {
    this.#children = children;
  }

  first(): number {
    this.#direction = 1;
    return this.#moveAll('first');
  }

  last(): number {
    this.#direction = -1;
    return this.#moveAll('last');
  }

  seek(key: Uint8Array, start: number, end: number): number {
    this.#direction = 1;
    this.#aim(key, start, end);
    return this.#moveAll('seek');
  }

  seekBackward(key: Uint8Array, start: number, end: number): number {
    this.#direction = -1;
    this.#aim(key, start, end);
    return this.#moveAll('seekBackward');
  }

  /** Requires: the walk was placed by `first` or `seek`. */
  next(): number {
    assert(this.#direction === 1, 'next() must follow a forward move');
    return this.#step();
  }

  /** Requires: the walk was placed by `last` or `seekBackward`. */
  previous(): number {
    assert(this.#direction === -1, 'previous() must follow a backward move');
    return this.#step();
  }

  load(): Promise<void> {
    return this.#pending!.load();
  }

  resume(): number {
    const child = this.#pending!;
    if (child.resume() === CursorStatus.PENDING) return CursorStatus.PENDING;
    this.#pending = null;
    if (this.#move === 'step') return this.#afterStep();
    this.#settledCount += 1;
    return this.#moveRest();
  }

  close(): void {
    for (const child of this.#children) child.close();
    this.#heap.length = 0;
    this.valid = false;
  }

  #aim(key: Uint8Array, start: number, end: number): void {
    this.#target = key;
    this.#targetStart = start;
    this.#targetEnd = end;
  }

  #suspend(child: EntryCursor): number {
    this.#pending = child;
    return CursorStatus.PENDING;
  }

  #moveAll(move: Move): number {
    this.#move = move;
    this.#settledCount = 0;
    this.#pending = null;
    return this.#moveRest();
  }

  #moveRest(): number {
    while (this.#settledCount < this.#children.length) {
      const child = this.#children[this.#settledCount]!;
      if (this.#moveChild(child) === CursorStatus.PENDING) return this.#suspend(child);
      this.#settledCount += 1;
    }
    this.#rebuild();
    return CursorStatus.READY;
  }

  #moveChild(child: EntryCursor): number {
    switch (this.#move) {
      case 'first':
        return child.first();
      case 'last':
        return child.last();
      case 'seek':
        return child.seek(this.#target, this.#targetStart, this.#targetEnd);
      default:
        return child.seekBackward(this.#target, this.#targetStart, this.#targetEnd);
    }
  }

  /** One step in the direction of the walk: only the child on top moves. */
  #step(): number {
    const top = this.#heap[0]!;
    this.#move = 'step';
    const status = this.#direction === 1 ? top.next() : top.previous();
    return status === CursorStatus.PENDING ? this.#suspend(top) : this.#afterStep();
  }

  #afterStep(): number {
    const heap = this.#heap;
    if (!heap[0]!.valid) {
      const last = heap.pop()!;
      if (heap.length > 0) heap[0] = last;
    }
    if (heap.length > 1) this.#siftDown(0);
    this.#expose();
    return CursorStatus.READY;
  }

  #rebuild(): void {
    const heap = this.#heap;
    heap.length = 0;
    for (const child of this.#children) if (child.valid) heap.push(child);
    for (let index = (heap.length >> 1) - 1; index >= 0; index--) this.#siftDown(index);
    this.#expose();
  }

  #siftDown(start: number): void {
    const heap = this.#heap;
    const moving = heap[start]!;
    let index = start;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#precedes(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#precedes(heap[child]!, moving)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = moving;
  }

  #precedes(a: EntryCursor, b: EntryCursor): boolean {
    const order = compareBytes(
      a.keyBytes,
      a.keyOffset,
      a.keyOffset + a.keyLength,
      b.keyBytes,
      b.keyOffset,
      b.keyOffset + b.keyLength,
    );
    const whole = order !== 0 ? order : b.sequence - a.sequence;
    return this.#direction === 1 ? whole < 0 : whole > 0;
  }

  #expose(): void {
    const top = this.#heap[0];
    if (top === undefined) {
      this.valid = false;
      return;
    }
    this.valid = true;
    this.keyBytes = top.keyBytes;
    this.keyOffset = top.keyOffset;
    this.keyLength = top.keyLength;
    this.valueBytes = top.valueBytes;
    this.valueOffset = top.valueOffset;
    this.valueLength = top.valueLength;
    this.sequence = top.sequence;
    this.kind = top.kind;
  }
}
