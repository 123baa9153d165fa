/** The tables on disk as the engine uses them: opened, cached, read, and written by jobs. */
export { BlockCache, type BlockCacheOptions } from './block-cache.js';
export { BlockLoader } from './block-loader.js';
export { type BlockWait, CachedBlockSource } from './cached-block-source.js';
export { DROP, DropRules, KEEP, KEEP_WITHOUT_SEQUENCE, type Verdict } from './drop-rules.js';
export { ENTRIES_PER_BEAT, type JobProgress } from './job-progress.js';
export { openTableSync, type TablePlace, type WrittenTable } from './open-table.js';
export { SparingFileSystem } from './sparing-file-system.js';
export { TableFiles } from './table-files.js';
export { NOT_CACHED, type TableFile, TableHandle } from './table-handle.js';
export { type TableOutput, type TableOutputOptions, TableOutputs } from './table-outputs.js';
export { ownerOf } from './table-owner.js';
export { TableStore, type TableStoreOptions } from './table-store.js';
