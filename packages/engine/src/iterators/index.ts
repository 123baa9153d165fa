/** Sorted runs combined: concatenation, merge, and what a reader sees of them. */
export { LevelCursor, type RunList } from './level-cursor.js';
export { MergingCursor } from './merging-cursor.js';
export { type KeyBounds, VisibleCursor } from './visible-cursor.js';
