/**
 * The code of a background thread as text, for programs that were bundled into one file. The build replaces this module
 * in dist (tools/build/bundle-worker.mjs); run from source there is none.
 */
export const workerSource: string | null = null;
