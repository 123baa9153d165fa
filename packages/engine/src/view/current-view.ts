/**
 * The single cell that says what the tree is now: the view, and the newest visible sequence number.
 *
 * Everything that changes the tree (a full memtable, a flush, a compaction) swaps the view here; every write that
 * becomes visible raises the sequence here. A memtable is handed to `onMemtableUnused` when the last view holding it is
 * gone, so that its memory can be used again; a version is released in step with its view. When a reader was the last who
 * held a version that was replaced, that is told: nothing else happens then that would give up what it kept.
 */
import type { Version } from '../manifest/index.js';
import type { Memtable } from '../memtable/index.js';
import { TreeView } from './tree-view.js';

export interface CurrentViewOptions {
  readonly memtables: readonly Memtable[];
  readonly version: Version;
  readonly visibleSequence: number;
  readonly onMemtableUnused: (memtable: Memtable) => void;
  /** A reader has left a view whose version was replaced meanwhile, as the last one; never called by a swap. */
  readonly onReadersGone?: () => void;
}

export class CurrentView {
  /** Reads see entries at or below it. */
  visibleSequence: number;
  #view: TreeView;
  readonly #viewCounts = new Map<Memtable, number>();
  readonly #onMemtableUnused: (memtable: Memtable) => void;
  readonly #onReadersGone: (() => void) | undefined;
  /** The view that a swap lets go at this moment. */
  #leaving: TreeView | null = null;

  constructor(options: CurrentViewOptions) {
    this.visibleSequence = options.visibleSequence;
    this.#onMemtableUnused = options.onMemtableUnused;
    this.#onReadersGone = options.onReadersGone;
    this.#view = this.#make(options.memtables, options.version);
  }

  get view(): TreeView {
    return this.#view;
  }

  /** Replaces the view; the old one lives on while readers hold it. */
  swap(memtables: readonly Memtable[], version: Version): void {
    const old = this.#view;
    this.#view = this.#make(memtables, version);
    this.#leaving = old;
    old.release();
    this.#leaving = null;
  }

  /** Gives up the current view for good, at close. What is current then has no entries, and holds no memory. */
  dispose(): void {
    const old = this.#view;
    this.#view = new TreeView([], old.version, () => {});
    old.release();
  }

  #make(memtables: readonly Memtable[], version: Version): TreeView {
    for (const memtable of memtables) {
      this.#viewCounts.set(memtable, (this.#viewCounts.get(memtable) ?? 0) + 1);
    }
    version.retain();
    return new TreeView(memtables, version, (view) => this.#drop(view));
  }

  #drop(view: TreeView): void {
    view.version.release();
    this.#dropMemtables(view);
    // A version that a swap replaces is kept until the edit that did so is durable, and looked at then.
    if (view !== this.#leaving && view.version !== this.#view.version) this.#onReadersGone?.();
  }

  #dropMemtables({ memtables }: TreeView): void {
    for (const memtable of memtables) {
      const count = this.#viewCounts.get(memtable)! - 1;
      if (count > 0) {
        this.#viewCounts.set(memtable, count);
        continue;
      }
      this.#viewCounts.delete(memtable);
      this.#onMemtableUnused(memtable);
    }
  }
}
