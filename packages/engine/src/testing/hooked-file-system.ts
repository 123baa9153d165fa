// A file system that tells of every call, on files too, before it is carried out: to count calls, to stop at one of them,
// and to look at the disk in between.

import { type FileCall, type FileSystem, RecordingFileSystem } from '@varve/vfs';

/** Passes calls on to an inner file system; see the head of this file. It also records, as its base class does. */
export class HookedFileSystem extends RecordingFileSystem {
  /** Is told of a call before it happens; what it throws is thrown instead. */
  beforeCall: (call: FileCall) => void = () => {};
  /** Is told of an asynchronous call after it happened; what it throws is how the call ends. */
  afterAsyncCall: (call: FileCall) => void = () => {};

  constructor(inner: FileSystem, root?: string) {
    super(inner, root === undefined ? {} : { root });
  }

  override aroundSync<T>(call: FileCall, run: () => T): T {
    this.beforeCall(call);
    return super.aroundSync(call, run);
  }

  override async around<T>(call: FileCall, run: () => Promise<T>): Promise<T> {
    this.beforeCall(call);
    const result = await super.around(call, run);
    this.afterAsyncCall(call);
    return result;
  }
}
