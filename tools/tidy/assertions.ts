// How many assertions the folders have whose mistakes would cost data (bar B27): the rule of NASA and TigerBeetle, two a
// function on average, kept in production.

import ts from 'typescript';
import type { Finding, SourceFile, SourceTree } from './source-tree.js';
import { visit } from './syntax.js';

/** Folders in which it is counted. */
const ASSERTING_FOLDERS: readonly string[] = ['wal', 'log', 'manifest', 'compact'].map(
  (name) => `packages/engine/src/${name}/`,
);

const ASSERTIONS_PER_FUNCTION_MIN = 2;

/** What one folder has. */
export interface AssertionCount {
  readonly folder: string;
  /** Functions, methods, constructors and accessors with a body; callbacks are part of what they stand in. */
  readonly functionCount: number;
  /** Calls of `assert` and of functions whose names begin so, and refusals by `throw`. */
  readonly assertionCount: number;
}

/** Counts, folder by folder. */
export function assertionCounts(tree: SourceTree): AssertionCount[] {
  return ASSERTING_FOLDERS.map((folder) => {
    const files = tree.packageSources.filter(({ path }) => path.startsWith(folder));
    const nodes = files.flatMap((file) => nodesOf(tree, file));
    return {
      folder,
      functionCount: nodes.filter(isNamedFunction).length,
      assertionCount: nodes.filter(isAssertion).length,
    };
  });
}

/** Complains about a folder that asserts too little. */
export function assertionFindings(tree: SourceTree): Finding[] {
  return assertionCounts(tree).flatMap(({ folder, functionCount, assertionCount }) => {
    const wantedCount = functionCount * ASSERTIONS_PER_FUNCTION_MIN;
    if (assertionCount >= wantedCount) return [];
    const message = `has ${assertionCount} assertions in ${functionCount} functions, ${wantedCount} are wanted. Say what its functions rely on.`;
    return [{ path: folder, message }];
  });
}

function nodesOf(tree: SourceTree, file: SourceFile): ts.Node[] {
  const nodes: ts.Node[] = [];
  visit(tree.parse(file), (node) => nodes.push(node));
  return nodes;
}

function isNamedFunction(node: ts.Node): boolean {
  const isOne =
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isAccessor(node);
  return isOne && node.body !== undefined;
}

function isAssertion(node: ts.Node): boolean {
  if (ts.isThrowStatement(node)) return true;
  if (!ts.isCallExpression(node)) return false;
  const { expression } = node;
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  return /^#?assert/.test(name.getText());
}
