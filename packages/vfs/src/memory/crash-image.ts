// What a crash leaves on the disk: durable state, plus some of what no sync has covered.
//
// | model   | names                                        | content of each file                                       |
// | ------- | -------------------------------------------- | ---------------------------------------------------------- |
// | kill    | all                                          | all: the process died, the system's cache lives            |
// | drop    | only synced ones                             | only synced bytes                                          |
// | ordered | the first n operations                       | the first n writes, the last perhaps up to some sector     |
// | posix   | none, all, the first n, or any subset which  | none, all, some writes whole, or for every sector of every |
// |         | keeps the order of operations on each name   | write: old, new, zero, garbage, or torn to the left or the |
// |         |                                              | right; and any size between                                |
// | single  | all but one, or one alone: of all operations on names and all writes together, exactly one is the odd one |
//
// Where one operation is lost or kept alone, those follow that must, by the order on each name. Names and files are chosen
// independently in every model but `kill` and `single`, so a name may survive without its content and the
// other way round. Bytes that were not being written do not change, even in the sector that is hit: a disk that damages
// its neighbours' bytes is not covered. All choices come from the given random numbers, in a fixed order.

import type { Random } from '@varve/base';
import {
  DirectoryNode,
  type DirectoryTree,
  type NameOperation,
  setEntry,
  slotKey,
  type TreeNode,
} from './directory-tree.js';
import { applyChange, FileNode, type UnsyncedChange } from './file-node.js';
import type { GrowingBytes } from './growing-bytes.js';
import type { StorageMeter } from './storage-meter.js';

/** How much of what was never synced a crash leaves; the models are described in crash-image.ts. */
export type CrashModel = 'kill' | 'drop' | 'ordered' | 'posix' | 'single';

/** The odd one of the model `single`: the change, counted through names and then files, that is lost or kept alone. */
export interface SingleChoice {
  readonly kept: 'only' | 'others';
  /** From 0 to the number of changes that no sync has covered, exclusive. */
  readonly changeIndex: number;
}

/** The unit of writing to a disk. */
export const SECTOR_SIZE_BYTES = 512;

/** Four ways a random choice can turn out, so that all and nothing are as likely as everything between. */
const CHOICE_COUNT = 4;

/** How many changes no sync has covered: operations on names, and changes of files that can have a name. */
export function unsyncedCount(tree: DirectoryTree): number {
  const counts = tree.reachableFiles().map(({ unsynced }) => unsynced.length);
  return counts.reduce((sum, count) => sum + count, tree.unsynced.length);
}

/** Copies what is left when exactly one change is lost, or kept alone. */
export function singleImage(
  tree: DirectoryTree,
  { kept, changeIndex }: SingleChoice,
  meter: StorageMeter,
): DirectoryNode {
  const names = tree.unsynced;
  const odd = names[changeIndex];
  const isOdd = (operation: NameOperation): boolean => operation === odd;
  const keptNames =
    kept === 'others'
      ? keptInSlotOrder(names, (operation) => !isOdd(operation))
      : withPredecessors(names, isOdd);
  let start = names.length;
  const contents = new Map<FileNode, GrowingBytes>();
  for (const file of tree.reachableFiles()) {
    const image = file.durable.copy();
    for (const [index, change] of file.unsynced.entries()) {
      if ((start + index === changeIndex) === (kept === 'only')) applyChange(image, change);
    }
    start += file.unsynced.length;
    contents.set(file, image);
  }
  return copyTree(tree.root, keptNames, (file) => {
    return new FileNode(file.inode, meter, contents.get(file)!);
  });
}

/** Copies what a crash of this kind leaves, and gives its root. All of the copy is durable. */
export function crashImage(
  tree: DirectoryTree,
  model: CrashModel,
  random: Random,
  meter: StorageMeter,
): DirectoryNode {
  const changeCount = unsyncedCount(tree);
  if (model === 'single' && changeCount > 0) {
    const kept = random.below(2) === 0 ? 'only' : 'others';
    return singleImage(tree, { kept, changeIndex: random.below(changeCount) }, meter);
  }
  const kept = keptOperations(tree.unsynced, model, random);
  return copyTree(tree.root, kept, (file) => {
    return new FileNode(file.inode, meter, crashContent(file, model, random));
  });
}

/** Copies a directory as the operations leave it that are kept, with all below. */
function copyTree(
  directory: DirectoryNode,
  kept: readonly NameOperation[],
  copyFile: (file: FileNode) => FileNode,
): DirectoryNode {
  const entries = new Map(directory.durableEntries);
  for (const { slots } of kept) {
    for (const slot of slots) {
      if (slot.directory === directory) setEntry(entries, slot.name, slot.node);
    }
  }
  const copy = (node: TreeNode): TreeNode =>
    node.kind === 'file' ? copyFile(node) : copyTree(node, kept, copyFile);
  for (const [name, node] of entries) entries.set(name, copy(node));
  return new DirectoryNode(directory.inode, entries);
}

/** The operations on names that reached the disk, in order. */
export function keptOperations(
  operations: readonly NameOperation[],
  model: CrashModel,
  random: Random,
): readonly NameOperation[] {
  switch (model) {
    case 'kill':
      return operations;
    case 'drop':
    case 'single':
      return [];
    case 'ordered':
      return operations.slice(0, random.below(operations.length + 1));
    case 'posix':
      return posixOperations(operations, random);
  }
}

function posixOperations(operations: readonly NameOperation[], random: Random) {
  switch (random.below(CHOICE_COUNT)) {
    case 0:
      return [];
    case 1:
      return operations;
    case 2:
      return operations.slice(0, random.below(operations.length + 1));
    default:
      return subsetInSlotOrder(operations, random);
  }
}

/** Leaves out each operation by chance, and with it all later ones on the same names. */
function subsetInSlotOrder(operations: readonly NameOperation[], random: Random): NameOperation[] {
  return keptInSlotOrder(operations, () => random.below(2) === 0);
}

/** Leaves out operations that are not wanted, and with each all later ones on the same names. */
function keptInSlotOrder(
  operations: readonly NameOperation[],
  isWanted: (operation: NameOperation) => boolean,
): NameOperation[] {
  const slotsLost = new Set<string>();
  return operations.filter((operation) => {
    const { slots } = operation;
    const isKept = isWanted(operation) && !slots.some((slot) => slotsLost.has(slotKey(slot)));
    if (!isKept) for (const slot of slots) slotsLost.add(slotKey(slot));
    return isKept;
  });
}

/** Keeps operations that are wanted, and with each all earlier ones on the same names. */
function withPredecessors(
  operations: readonly NameOperation[],
  isWanted: (operation: NameOperation) => boolean,
): NameOperation[] {
  const slotsKept = new Set<string>();
  const kept = operations.toReversed().filter((operation) => {
    const { slots } = operation;
    const isKept = isWanted(operation) || slots.some((slot) => slotsKept.has(slotKey(slot)));
    if (isKept) for (const slot of slots) slotsKept.add(slotKey(slot));
    return isKept;
  });
  return kept.reverse();
}

/** The content of a file that reached the disk. */
export function crashContent(file: FileNode, model: CrashModel, random: Random): GrowingBytes {
  const image = (model === 'kill' ? file.content : file.durable).copy();
  if (model === 'ordered') applyPrefix(image, file.unsynced, random);
  if (model === 'posix') applyPosix(image, file, random);
  return image;
}

function applyPrefix(image: GrowingBytes, changes: readonly UnsyncedChange[], random: Random) {
  const wholeCount = random.below(changes.length + 1);
  for (const change of changes.slice(0, wholeCount)) applyChange(image, change);
  const torn = changes[wholeCount];
  if (torn?.kind !== 'write') return;
  const sectors = sectorsOf(torn);
  const keptCount = random.below(sectors.length);
  for (const sector of sectors.slice(0, keptCount)) image.write(sector.bytes, sector.position);
}

function applyPosix(image: GrowingBytes, file: FileNode, random: Random): void {
  switch (random.below(CHOICE_COUNT)) {
    case 0:
      return;
    case 1:
      for (const change of file.unsynced) applyChange(image, change);
      return;
    case 2:
      for (const change of file.unsynced) if (random.below(2) === 0) applyChange(image, change);
      return;
    default:
      applySectors(image, file, random);
  }
}

/** Decides for every sector of every write on its own, and then for the size of the file. */
function applySectors(image: GrowingBytes, file: FileNode, random: Random): void {
  for (const change of file.unsynced) {
    if (change.kind === 'truncate') {
      if (random.below(2) === 0) image.resize(change.sizeBytes);
      continue;
    }
    for (const sector of sectorsOf(change)) {
      const left = sectorAfterCrash(sector, random);
      if (left !== null) image.write(left.bytes, left.position);
    }
  }
  if (file.unsynced.length === 0 || random.below(2) === 0) return;
  const sizeMin = Math.min(file.durable.sizeBytes, file.content.sizeBytes);
  const sizeMax = Math.max(file.durable.sizeBytes, file.content.sizeBytes);
  image.resize(sizeMin + random.below(sizeMax - sizeMin + 1));
}

/** Bytes and where they belong. */
interface PlacedBytes {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** New, zero or random bytes, a beginning or an end of the new ones, or null when the old ones stay. */
function sectorAfterCrash({ position, bytes }: PlacedBytes, random: Random): PlacedBytes | null {
  switch (random.below(10)) {
    case 0:
      return { position, bytes: new Uint8Array(bytes.length) };
    case 1: {
      const garbage = new Uint8Array(bytes.length);
      random.fill(garbage);
      return { position, bytes: garbage };
    }
    case 2:
      return { position, bytes: bytes.subarray(0, random.below(bytes.length)) };
    case 3: {
      const start = random.below(bytes.length);
      return { position: position + start, bytes: bytes.subarray(start) };
    }
    case 4:
    case 5:
      return null;
    default:
      return { position, bytes };
  }
}

/** The pieces of a write, cut where sectors of the file meet. */
function sectorsOf(write: UnsyncedChange & { kind: 'write' }): PlacedBytes[] {
  const sectors = [];
  const { position, bytes } = write;
  let start = 0;
  while (start < bytes.length) {
    const sectorEnd = SECTOR_SIZE_BYTES - ((position + start) % SECTOR_SIZE_BYTES) + start;
    const end = Math.min(sectorEnd, bytes.length);
    sectors.push({ position: position + start, bytes: bytes.subarray(start, end) });
    start = end;
  }
  return sectors;
}
