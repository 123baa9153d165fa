// How long a file and a function may be.

import { type Finding, lineCountOf, type SourceTree } from './source-tree.js';
import { functionsOf } from './syntax.js';

/** Lines of a file, tests included. */
export const FILE_LINE_COUNT_MAX = 600;

/** Lines of a function; tests are not counted, since a `describe` holds a whole file. */
export const FUNCTION_LINE_COUNT_MAX = 70;

/**
 * What is too long and known: lines by path, or by `path name` for a function. The numbers may only
 * go down.
 */
export type Ratchet = Readonly<Record<string, number>>;

/**
 * Files and functions that are too long, and entries of the ratchets that have become too generous.
 */
export function sizeFindings(tree: SourceTree, files: Ratchet, functions: Ratchet): Finding[] {
  const fileSizes = tree.code.map(({ path, text }) => ({
    path,
    key: path,
    lineCount: lineCountOf(text),
  }));
  const functionSizes = tree.sources.flatMap((file) =>
    functionsOf(tree, file).map(({ name, line, lineCount }) => ({
      path: file.path,
      line,
      key: `${file.path} ${name}`,
      lineCount,
    })),
  );
  return [
    ...compare(fileSizes, FILE_LINE_COUNT_MAX, files, 'Split it: it is probably two things'),
    ...compare(
      functionSizes,
      FUNCTION_LINE_COUNT_MAX,
      functions,
      'Name its parts and make them functions',
    ),
  ];
}

interface Size {
  readonly path: string;
  readonly line?: number;
  readonly key: string;
  readonly lineCount: number;
}

function compare(
  sizes: readonly Size[],
  cap: number,
  ratchet: Ratchet,
  instead: string,
): Finding[] {
  const tooLong = sizes.filter(
    ({ key, lineCount }) => lineCount > Math.max(cap, ratchet[key] ?? 0),
  );
  const findings = tooLong.map(({ key, lineCount, ...place }) => ({
    ...at(place),
    message: `${key} has ${lineCount} lines, ${ratchet[key] ?? cap} are allowed. ${instead}.`,
  }));
  const loose = Object.entries(ratchet).flatMap(([key, allowed]) => {
    const lineCount = Math.max(
      0,
      ...sizes.filter((size) => size.key === key).map((size) => size.lineCount),
    );
    if (lineCount >= allowed) return [];
    const next = lineCount > cap ? `Lower its entry to ${lineCount}` : 'Remove its entry';
    return [
      { path: 'tools/tidy/tidy.test.ts', message: `${key} has ${lineCount} lines now. ${next}.` },
    ];
  });
  return [...findings, ...loose];
}

function at({ path, line }: Pick<Size, 'path' | 'line'>): Pick<Finding, 'path' | 'line'> {
  return line === undefined ? { path } : { path, line };
}
