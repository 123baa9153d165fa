// The page of faults: every row has tests, where the page says they are.

import { posix } from 'node:path';
import ts from 'typescript';
import type { Finding, SourceFile, SourceTree } from './source-tree.js';
import { visit } from './syntax.js';

const PAGE = 'docs/guide/faults.md';

/** How many rows each table has. */
const ROW_COUNTS = { W: 11, T: 11, M: 10, I: 12, P: 19 } as const;

const LABEL = /\b[WTMIP]\d{1,2}\b/g;

/** Rows that are missing from the page, and rows whose tests are not where it says. */
export function faultPageFindings(tree: SourceTree): Finding[] {
  const page = tree.find(PAGE)?.text ?? '';
  const rows = new Map(
    [...page.matchAll(/^\| ([WTMIP]\d+) \|.*$/gm)].map(([row, label]) => [label!, row]),
  );
  const labels = Object.entries(ROW_COUNTS).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
  );
  return labels.flatMap((label) => {
    const row = rows.get(label);
    return row === undefined
      ? [{ path: PAGE, message: `Add a row for ${label}.` }]
      : rowFindings(tree, { label, row });
  });
}

function rowFindings(
  tree: SourceTree,
  { label, row }: { readonly label: string; readonly row: string },
): Finding[] {
  const links = [...row.matchAll(/\]\(([^)#]+\.test\.ts)\)/g)].map(([, link]) => link!);
  if (links.length === 0) {
    return [{ path: PAGE, message: `Say in the row of ${label} which test shows it.` }];
  }
  return links.flatMap((link) => {
    const path = posix.join(posix.dirname(PAGE), link);
    const file = tree.find(path);
    if (file !== undefined && labelsIn(tree, file).has(label)) return [];
    return [{ path: PAGE, message: `No test in ${path} has the label ${label} in its name.` }];
  });
}

/** The labels in the names of tests: in the strings of the file, comments not counted. */
function labelsIn(tree: SourceTree, file: SourceFile): Set<string> {
  const labels = new Set<string>();
  visit(tree.parse(file), (node) => {
    if (!ts.isStringLiteralLike(node) && !ts.isTemplateHead(node)) return;
    for (const [label] of node.text.matchAll(LABEL)) labels.add(label);
  });
  return labels;
}
