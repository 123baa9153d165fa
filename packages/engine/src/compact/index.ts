/** Compaction: what to merge, and the merge. */
export type {
  CompactionChoice,
  CompactionReason,
  TableDrop,
  TableMerge,
  TableMove,
} from './compaction-choice.js';
export { compactionEdit, inputFileNumbers, mergeRuns } from './compaction-edit.js';
export {
  type CompactionJob,
  type CompactionResult,
  runCompactionJob,
} from './compaction-job.js';
export { culpritsOf } from './culprits.js';
export { levelTargets, pendingCompactionBytes } from './level-targets.js';
export { pickCompaction } from './leveled-picker.js';
export { type PickerOptions, resolvePickerOptions } from './picker-options.js';
export { pickRange } from './range-picker.js';
