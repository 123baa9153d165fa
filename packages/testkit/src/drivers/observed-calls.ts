// A file system that says before each call what is going to be done.

import { type FileCall, type FileSystem, FileSystemWrapper } from '@varve/vfs';

/** See the head of this file. */
export class ObservedCalls extends FileSystemWrapper {
  readonly #before: (call: FileCall) => void;

  constructor(inner: FileSystem, before: (call: FileCall) => void) {
    super(inner);
    this.#before = before;
  }

  override aroundSync<T>(call: FileCall, run: () => T): T {
    this.#before(call);
    return run();
  }

  override around<T>(call: FileCall, run: () => Promise<T>): Promise<T> {
    this.#before(call);
    return run();
  }
}
