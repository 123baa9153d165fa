// The names of a file system in memory: what programs see, and what a power loss would leave.
//
// Every change of names is one operation with one or two slots (a slot is a name in a directory and what it then holds):
// creating and removing set one slot, a rename sets two in one step. Operations wait in one list, in order, until a sync
// of their directory makes them durable. What may happen to them at a crash is in crash-image.ts.
//
// Order is kept for each slot: an operation never becomes durable before an earlier one on the same slot. So a sync of
// a directory also takes along operations of other directories that came first on a slot of a rename between the two.

import { systemError } from '../system-error.js';
import type { FileNode } from './file-node.js';

/** A directory: what names hold now, and what they held at the last sync. */
export class DirectoryNode {
  readonly kind = 'directory';
  readonly inode: bigint;
  readonly entries: Map<string, TreeNode>;
  readonly durableEntries: Map<string, TreeNode>;

  /** The given entries are what the directory holds, durably. */
  constructor(inode: bigint, entries: ReadonlyMap<string, TreeNode> = new Map()) {
    this.inode = inode;
    this.entries = new Map(entries);
    this.durableEntries = new Map(entries);
    for (const node of entries.values()) if (node.kind === 'file') node.addName();
  }
}

/** What a name can hold. */
export type TreeNode = FileNode | DirectoryNode;

/** A name in a directory and what it holds after the operation; null for nothing. */
export interface Slot {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly node: TreeNode | null;
}

/** One change of names, which happens whole or not at all. */
export interface NameOperation {
  /** For people: `create /db/CURRENT`. */
  readonly text: string;
  readonly slots: readonly Slot[];
}

/** A directory and the name in it that a path ends with. */
export interface Location {
  readonly directory: DirectoryNode;
  readonly name: string;
}

/** A root directory and the changes of names below it that are not durable. */
export class DirectoryTree {
  readonly root: DirectoryNode;
  #unsynced: { readonly number: number; readonly operation: NameOperation }[] = [];
  #operationCount = 0;

  constructor(root: DirectoryNode) {
    this.root = root;
  }

  /** Operations that no sync has covered, in order. */
  get unsynced(): NameOperation[] {
    return this.#unsynced.map(({ operation }) => operation);
  }

  /** How many operations there have been; a sync covers those counted when it is asked for. */
  get operationCount(): number {
    return this.#operationCount;
  }

  /** What the path names. Throws ENOENT or ENOTDIR. */
  find(path: string): TreeNode {
    return this.#walk(pathParts(path));
  }

  /** What the path names, or undefined. */
  get(path: string): TreeNode | undefined {
    if (path === '') return undefined;
    let node: TreeNode | undefined = this.root;
    for (const name of pathParts(path)) {
      node = node?.kind === 'directory' ? node.entries.get(name) : undefined;
    }
    return node;
  }

  /** All files that have a name, with their paths, ascending by path. */
  files(): { readonly path: string; readonly node: FileNode }[] {
    return filesBelow('', this.root).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** All files that have a name, or can have one after a crash, once each. */
  reachableFiles(): FileNode[] {
    const named = this.files().map(({ node }) => node);
    const durable = durableFilesBelow(this.root);
    const changed = this.unsynced.flatMap(({ slots }) => slots.map(({ node }) => node));
    const files = [...named, ...durable, ...changed].filter((node) => node?.kind === 'file');
    return [...new Set(files as FileNode[])];
  }

  findDirectory(path: string): DirectoryNode {
    return asDirectory(this.find(path));
  }

  /** Where the path ends, whether or not the name there is taken. Throws EISDIR for the root, which has no name. */
  locate(path: string): Location {
    const parts = pathParts(path);
    const name = parts.pop();
    if (name === undefined) throw systemError('EISDIR');
    return { directory: asDirectory(this.#walk(parts)), name };
  }

  /** Carries out an operation for all to see; it becomes durable by `sync`. */
  apply(operation: NameOperation): void {
    const replaced: TreeNode[] = [];
    for (const { directory, name, node } of operation.slots) {
      const old = directory.entries.get(name);
      if (old !== undefined) replaced.push(old);
      if (node?.kind === 'file') node.addName();
      setEntry(directory.entries, name, node);
    }
    // After the new names were counted, so that a file on the move is never without one.
    for (const node of replaced) if (node.kind === 'file') node.removeName();
    this.#unsynced.push({ number: this.#operationCount++, operation });
  }

  /** Makes the names of a directory durable, as far as set by the first `operationCount` of all operations. */
  sync(directory: DirectoryNode, operationCount: number): void {
    const slotsCovered = new Set<string>();
    const covered: NameOperation[] = [];
    for (const { number, operation } of this.#unsynced.toReversed()) {
      if (number >= operationCount) continue;
      const { slots } = operation;
      const isCovered = slots.some(
        (slot) => slot.directory === directory || slotsCovered.has(slotKey(slot)),
      );
      if (!isCovered) continue;
      for (const slot of slots) slotsCovered.add(slotKey(slot));
      covered.push(operation);
    }
    for (const { slots } of covered.reverse()) {
      for (const slot of slots) setEntry(slot.directory.durableEntries, slot.name, slot.node);
    }
    const isCovered = new Set(covered);
    this.#unsynced = this.#unsynced.filter(({ operation }) => !isCovered.has(operation));
  }

  #walk(parts: readonly string[]): TreeNode {
    let node: TreeNode = this.root;
    for (const name of parts) {
      const next = asDirectory(node).entries.get(name);
      if (next === undefined) throw systemError('ENOENT');
      node = next;
    }
    return node;
  }
}

/** Equal for slots of the same name in the same directory. */
export function slotKey(slot: Location): string {
  return `${slot.directory.inode}/${slot.name}`;
}

/** Lets a name hold `node`, or nothing. */
export function setEntry(
  entries: Map<string, TreeNode>,
  name: string,
  node: TreeNode | null,
): void {
  if (node === null) entries.delete(name);
  else entries.set(name, node);
}

/** The names along a path from the root; relative paths start there too. */
export function pathParts(path: string): string[] {
  if (path === '') throw systemError('ENOENT');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

function filesBelow(
  prefix: string,
  directory: DirectoryNode,
): { readonly path: string; readonly node: FileNode }[] {
  return [...directory.entries].flatMap(([name, node]) => {
    const path = `${prefix}/${name}`;
    return node.kind === 'file' ? [{ path, node }] : filesBelow(path, node);
  });
}

function durableFilesBelow(directory: DirectoryNode): FileNode[] {
  return [...directory.durableEntries.values()].flatMap((node) =>
    node.kind === 'file' ? [node] : durableFilesBelow(node),
  );
}

function asDirectory(node: TreeNode): DirectoryNode {
  if (node.kind !== 'directory') throw systemError('ENOTDIR');
  return node;
}
