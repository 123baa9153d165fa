// What a crash leaves on the disk: durable state, plus some of what no sync has covered.
//
// | model   | names                                        | content of each file                                       |
// | ------- | -------------------------------------------- | ---------------------------------------------------------- |
// | kill    | all                                          | all: the process died, the system's cache lives            |
// | drop    | only synced ones                             | only synced bytes                                          |
// | ordered | the first n operations                       | the first n writes, the last perhaps up to some sector     |
// | posix   | none, all, the first n, or any subset which  | none, all, some writes whole, or for every sector of every |
// |         | keeps the order of operations on each name   | write: old, new, zero or garbage; and any size between     |
//
// Names and files are chosen independently in every model but `kill`, so a name may survive without its content and the
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
export type CrashModel = 'kill' | 'drop' | 'ordered' | 'posix';

/** The unit of writing to a disk. */
export const SECTOR_SIZE_BYTES = 512;

/** Four ways a random choice can turn out, so that all and nothing are as likely as everything between. */
const CHOICE_COUNT = 4;

/** Copies what a crash of this kind leaves, and gives its root. All of the copy is durable. */
export function crashImage(
  tree: DirectoryTree,
  model: CrashModel,
  random: Random,
  meter: StorageMeter,
): DirectoryNode {
  const kept = keptOperations(tree.unsynced, model, random);
  const copy = (node: TreeNode): TreeNode => {
    if (node.kind === 'file') {
      return new FileNode(node.inode, meter, crashContent(node, model, random));
    }
    return copyDirectory(node);
  };
  const copyDirectory = (directory: DirectoryNode): DirectoryNode => {
    const entries = new Map(directory.durableEntries);
    for (const { slots } of kept) {
      for (const slot of slots) {
        if (slot.directory === directory) setEntry(entries, slot.name, slot.node);
      }
    }
    for (const [name, node] of entries) entries.set(name, copy(node));
    return new DirectoryNode(directory.inode, entries);
  };
  return copyDirectory(tree.root);
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
  const slotsLost = new Set<string>();
  return operations.filter(({ slots }) => {
    const isKept = random.below(2) === 0 && !slots.some((slot) => slotsLost.has(slotKey(slot)));
    if (!isKept) for (const slot of slots) slotsLost.add(slotKey(slot));
    return isKept;
  });
}

/** The content of a file that reached the disk. */
export function crashContent(file: FileNode, model: CrashModel, random: Random): Uint8Array {
  const image = (model === 'kill' ? file.content : file.durable).copy();
  if (model === 'ordered') applyPrefix(image, file.unsynced, random);
  if (model === 'posix') applyPosix(image, file, random);
  return image.view();
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
      const bytes = sectorAfterCrash(sector.bytes, random);
      if (bytes !== null) image.write(bytes, sector.position);
    }
  }
  if (file.unsynced.length === 0 || random.below(2) === 0) return;
  const sizeMin = Math.min(file.durable.sizeBytes, file.content.sizeBytes);
  const sizeMax = Math.max(file.durable.sizeBytes, file.content.sizeBytes);
  image.resize(sizeMin + random.below(sizeMax - sizeMin + 1));
}

/** New, zero or random bytes, or null when the old ones stay. */
function sectorAfterCrash(written: Uint8Array, random: Random): Uint8Array | null {
  switch (random.below(8)) {
    case 0:
      return new Uint8Array(written.length);
    case 1: {
      const garbage = new Uint8Array(written.length);
      random.fill(garbage);
      return garbage;
    }
    case 2:
    case 3:
      return null;
    default:
      return written;
  }
}

/** The pieces of a write, cut where sectors of the file meet. */
function sectorsOf(write: UnsyncedChange & { kind: 'write' }): {
  position: number;
  bytes: Uint8Array;
}[] {
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
