// Pages that must keep up with the code: the errors, and the formats.

import ts from 'typescript';
import type { Finding, SourceTree } from './source-tree.js';
import { visit } from './syntax.js';

const ERRORS_SOURCE = 'packages/base/src/errors.ts';
const ERRORS_PAGE = 'docs/guide/errors.md';
const ERROR_TABLE = 'STORAGE_ERROR_CODES';

/**
 * Error codes that the page of errors does not have, has too many of, or says something else about.
 */
export function errorPageFindings(tree: SourceTree): Finding[] {
  const inCode = new Map(errorCodesOf(tree).map((code) => [code.name, code]));
  const rows = (tree.find(ERRORS_PAGE)?.text ?? '').matchAll(/^\| `([A-Z_]+)` \| (yes|no) \|/gm);
  const onPage = new Map([...rows].map(([, name, retry]) => [name, retry === 'yes']));
  const missing = [...inCode.values()].filter(
    ({ name, isRetryable }) => onPage.get(name) !== isRetryable,
  );
  const unknown = [...onPage.keys()].filter((name) => !inCode.has(name));
  return [
    ...missing.map(({ name, isRetryable }) => ({
      path: ERRORS_PAGE,
      message: `Add a row for ${name}, with "${isRetryable ? 'yes' : 'no'}" for whether a retry helps.`,
    })),
    ...unknown.map((name) => ({
      path: ERRORS_PAGE,
      message: `Remove ${name}: there is no such code.`,
    })),
  ];
}

/** Format files that do not name their page, and pages that do not name a format file. */
export function formatPageFindings(tree: SourceTree): Finding[] {
  const sources = tree.packageSources.filter(({ path }) => /(^|[/-])format\.ts$/.test(path));
  const pages = tree.files.filter(({ path }) => /^docs\/format\/[^/]+\.md$/.test(path));
  const unspecified = sources.filter(({ text }) => !pages.some(({ path }) => text.includes(path)));
  const unfounded = pages.filter(({ text }) => !sources.some(({ path }) => text.includes(path)));
  const unanswered = sources.filter(
    ({ path, text }) => !pages.some((page) => text.includes(page.path) && page.text.includes(path)),
  );
  return [
    ...unspecified.map(({ path }) => ({
      path,
      message:
        'Name the page in docs/format that specifies this format, and write it if there is none.',
    })),
    ...unfounded.map(({ path }) => ({
      path,
      message: 'Name the file of constants, packages/…-format.ts, that this page specifies.',
    })),
    ...unanswered
      .filter((source) => !unspecified.includes(source))
      .map(({ path }) => ({
        path,
        message: 'The page named here does not name this file. Add its path there.',
      })),
  ];
}

interface ErrorCode {
  readonly name: string;
  readonly isRetryable: boolean;
}

/** Reads the table of codes out of the source of base. */
function errorCodesOf(tree: SourceTree): ErrorCode[] {
  const file = tree.find(ERRORS_SOURCE);
  const codes: ErrorCode[] = [];
  if (file === undefined) return codes;
  visit(tree.parse(file), (node) => {
    if (!ts.isVariableDeclaration(node) || node.name.getText() !== ERROR_TABLE) return;
    visit(node, (property) => {
      if (!ts.isPropertyAssignment(property) || !ts.isObjectLiteralExpression(property.initializer))
        return;
      const isRetryable = /\bretryable: true\b/.test(property.initializer.getText());
      codes.push({ name: property.name.getText(), isRetryable });
    });
  });
  return codes;
}
