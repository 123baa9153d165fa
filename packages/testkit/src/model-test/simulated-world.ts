// A world in memory, where everything is repeatable and crashes leave exactly what was synced, or a chosen part of the rest.

import type { Random } from '@varve/base';
import { type CrashModel, MemoryFileSystem } from '@varve/vfs';
import { StrictFileSystem } from '../strict/strict-file-system.js';
import { observeFileSystem } from './observed-file-system.js';
import { Simulation } from './simulation.js';
import type { CrashImage, World } from './world.js';

/** See the head of this file. */
export class SimulatedWorld implements World {
  readonly path = '/database';
  readonly isSimulated = true;
  readonly #simulation: Simulation;
  #files: MemoryFileSystem;
  #observed: StrictFileSystem;
  #countdown = 0;
  #reached: (() => void) | null = null;

  /** The seed decides on the order of things, together with that of each operation. */
  constructor(seed: number) {
    this.#simulation = new Simulation(seed);
    this.#files = new MemoryFileSystem({ scheduler: this.#simulation });
    this.#observed = this.#observe();
  }

  get options(): World['options'] {
    return { fileSystem: this.#observed, clock: this.#simulation, backgroundThreads: 0 };
  }

  begin(seed: number): void {
    this.#simulation.seed(seed);
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.#simulation.settle(promise);
  }

  turns(count: number): Promise<void> {
    return this.#simulation.run(count);
  }

  advance(ms: number): Promise<void> {
    this.#simulation.advance(ms);
    return this.#simulation.runAll();
  }

  crashImage(model: CrashModel, random: Random): CrashImage {
    const image = this.#files.crash(model, random);
    return { restore: () => this.#restore(image) };
  }

  arm(after: number, reached: () => void): void {
    this.#countdown = after;
    this.#reached = reached;
  }

  refuteDurable(sequence: number): string | null {
    return this.#observed.refuteDurableUpTo(sequence);
  }

  assertOrder(): void {
    this.#observed.assertFaultless();
  }

  unsynced(): readonly string[] {
    return this.#files.describeUnsynced();
  }

  openPaths(): readonly string[] {
    return this.#files.openPaths();
  }

  dispose(): void {
    this.#simulation.clear();
  }

  #restore(image: MemoryFileSystem): void {
    this.#simulation.clear();
    this.#reached = null;
    this.#files = image;
    this.#observed = this.#observe();
  }

  #observe(): StrictFileSystem {
    const files = this.#files;
    // Whoever still holds a file system from before a crash is of no interest.
    const observed = observeFileSystem(files, () => {
      if (files === this.#files) this.#countDown();
    });
    return new StrictFileSystem(observed);
  }

  #countDown(): void {
    if (this.#reached === null) return;
    this.#countdown -= 1;
    if (this.#countdown > 0) return;
    const reached = this.#reached;
    this.#reached = null;
    reached();
  }
}
