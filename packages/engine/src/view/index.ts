/** What the tree is now, and what readers still hold of what it was. */
export { CurrentView, type CurrentViewOptions } from './current-view.js';
export type { LostKind } from './lost-handles.js';
export { type OpenHandle, OpenHandles } from './open-handles.js';
export { type SnapshotEntry, SnapshotList } from './snapshot-list.js';
export { TreeView } from './tree-view.js';
