/**
 * Groups in the order they came, in a ring that is used again: most groups pass through an empty queue, and an array that
 * is emptied and filled once per write would be given new memory each time.
 */
import type { CommitGroup } from './commit-group.js';

const INITIAL_CAPACITY = 16;

export class GroupQueue {
  /** Its length is a power of two. */
  #ring = new Array<CommitGroup | undefined>(INITIAL_CAPACITY).fill(undefined);
  #first = 0;
  #count = 0;

  /** How many groups are queued. */
  get count(): number {
    return this.#count;
  }

  /** The oldest group. Requires: there is one. */
  get first(): CommitGroup {
    return this.#ring[this.#first] as CommitGroup;
  }

  /** The newest group, if there is one. */
  get last(): CommitGroup | undefined {
    if (this.#count === 0) return undefined;
    return this.#ring[(this.#first + this.#count - 1) & (this.#ring.length - 1)];
  }

  push(group: CommitGroup): void {
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.#count) & (this.#ring.length - 1)] = group;
    this.#count += 1;
  }

  /** Takes out the oldest group. Requires: there is one. */
  shift(): CommitGroup {
    const group = this.first;
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    this.#count -= 1;
    return group;
  }

  /** Takes out all groups, oldest first. */
  takeAll(): CommitGroup[] {
    return Array.from({ length: this.#count }, () => this.shift());
  }

  #grow(): void {
    const larger = new Array<CommitGroup | undefined>(this.#ring.length * 2).fill(undefined);
    const groups = this.takeAll();
    for (const [index, group] of groups.entries()) larger[index] = group;
    this.#ring = larger;
    this.#first = 0;
    this.#count = groups.length;
  }
}
