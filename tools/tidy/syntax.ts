// What the rules ask of a syntax tree.

import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile, SourceTree } from './source-tree.js';

/** An import or re-export of another module, types included. */
export interface ImportSite {
  readonly specifier: string;
  readonly line: number;
}

/** A function, method, accessor or constructor with a body. */
export interface FunctionSite {
  readonly name: string;
  readonly line: number;
  readonly lineCount: number;
}

/** A comment with its markers. */
export interface CommentSite {
  readonly text: string;
  readonly line: number;
}

/** Gives the imports of a file in the order they stand there. */
export function importsOf(tree: SourceTree, file: SourceFile): ImportSite[] {
  const parsed = tree.parse(file);
  const sites: ImportSite[] = [];
  visit(parsed, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined)
      sites.push({ specifier: specifier.text, line: lineOf(parsed, specifier) });
  });
  return sites;
}

/** Gives the functions of a file, outer ones first. */
export function functionsOf(tree: SourceTree, file: SourceFile): FunctionSite[] {
  const parsed = tree.parse(file);
  const sites: FunctionSite[] = [];
  visit(parsed, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    const line = lineOf(parsed, node);
    const endLine = parsed.getLineAndCharacterOfPosition(node.end).line + 1;
    sites.push({ name: nameOf(node), line, lineCount: endLine - line + 1 });
  });
  return sites;
}

/** Gives the comments of a file. */
export function commentsOf(tree: SourceTree, file: SourceFile): CommentSite[] {
  const parsed = tree.parse(file);
  const found = new Map<number, CommentSite>();
  const add = (ranges: ts.CommentRange[] | undefined): void => {
    for (const { pos, end } of ranges ?? []) {
      const line = parsed.getLineAndCharacterOfPosition(pos).line + 1;
      found.set(pos, { text: file.text.slice(pos, end), line });
    }
  };
  const visitTokens = (node: ts.Node): void => {
    // Positions inside text, templates and regular expressions are not between tokens, so nothing
    // there looks like a comment.
    add(ts.getLeadingCommentRanges(file.text, node.pos));
    add(ts.getTrailingCommentRanges(file.text, node.end));
    node.getChildren(parsed).forEach(visitTokens);
  };
  visitTokens(parsed);
  return [...found.values()].toSorted((a, b) => a.line - b.line);
}

/** The file that `specifier` means in `file`, if it is one of the tree. */
export function resolveImport(
  tree: SourceTree,
  file: SourceFile,
  specifier: string,
): string | undefined {
  const workspace = /^@varve\/([a-z-]+)$/.exec(specifier);
  const target = specifier.startsWith('.')
    ? posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, '.ts')
    : workspace && `packages/${workspace[1]}/src/index.ts`;
  return target === null ? undefined : tree.find(target)?.path;
}

/** Calls `look` with every node below `node`. */
export function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  ts.forEachChild(node, (child) => {
    look(child);
    visit(child, look);
  });
}

/** The 1-based line where a node begins, without its comments. */
export function lineOf(parsed: ts.SourceFile, node: ts.Node): number {
  return parsed.getLineAndCharacterOfPosition(node.getStart(parsed)).line + 1;
}

function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  const expression =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
        ? node.argument.literal
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined;
  return expression !== undefined && ts.isStringLiteralLike(expression) ? expression : undefined;
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  return named?.getText() ?? 'function';
}
