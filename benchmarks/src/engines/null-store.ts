/** A store that does nothing: what a workload takes on it is the cost of the harness, to be stated beside results. */
import type { EngineStore } from './engine.js';

/** Forgets everything it is given. */
export const nullStore: EngineStore = {
  put: () => undefined,
  del: () => undefined,
  batch: () => undefined,
  get: () => undefined,
  scan: () => 0,
  entries: () => 0,
  settle: async () => true,
  describe: () => ({}),
  writtenBytes: () => 0,
  close: async () => undefined,
};
