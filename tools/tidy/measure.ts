// The shape of the code in numbers, for a report and for choosing what to split next.

import { type AssertionCount, assertionCounts } from './assertions.js';
import { importCycles } from './layers.js';
import type { Documentation } from './public-api.js';
import { isTest, lineCountOf, type SourceTree } from './source-tree.js';
import { functionsOf } from './syntax.js';

/** Lengths in lines. */
export interface Lengths {
  readonly count: number;
  readonly median: number;
  readonly p90: number;
  readonly longest: NamedLength;
}

/** The length of one file or function. */
export interface NamedLength {
  readonly name: string;
  readonly lineCount: number;
}

/**
 * The numbers of one state of the project. Files and functions are those of packages, without
 * tests.
 */
export interface Measurement {
  readonly files: Lengths;
  readonly functions: Lengths;
  readonly sourceLineCount: number;
  readonly testLineCount: number;
  readonly importCycleCounts: Readonly<Record<'packages' | 'folders' | 'files', number>>;
  readonly documentation: Documentation;
  readonly assertions: readonly AssertionCount[];
}

/** Measures a tree; `documentation` comes from the compiler, which needs the files on disk. */
export function measure(tree: SourceTree, documentation: Documentation): Measurement {
  const sources = tree.packageSources;
  const tests = tree.code.filter(({ path }) => path.startsWith('packages/') && isTest(path));
  const files = sources.map(({ path, text }) => ({ name: path, lineCount: lineCountOf(text) }));
  const functions = sources.flatMap((file) =>
    functionsOf(tree, file).map(({ name, line, lineCount }) => ({
      name: `${file.path}:${line} ${name}`,
      lineCount,
    })),
  );
  const cycles = importCycles(tree);
  return {
    files: lengthsOf(files),
    functions: lengthsOf(functions),
    sourceLineCount: sumOf(files),
    testLineCount: sumOf(
      tests.map(({ path, text }) => ({ name: path, lineCount: lineCountOf(text) })),
    ),
    importCycleCounts: {
      packages: cycles.packages.length,
      folders: cycles.folders.length,
      files: cycles.files.length,
    },
    documentation,
    assertions: assertionCounts(tree),
  };
}

/** Gives a measurement as text. */
export function formatMeasurement(measurement: Measurement): string {
  const { files, functions, sourceLineCount, testLineCount, importCycleCounts, documentation } =
    measurement;
  const { exportCount, documentedExportCount, memberCount, documentedMemberCount } = documentation;
  const cycles = importCycleCounts;
  return [
    `files      ${describe(files)}`,
    `functions  ${describe(functions)}`,
    `tests      ${testLineCount} lines for ${sourceLineCount} lines of source (${ratio(testLineCount, sourceLineCount)})`,
    `cycles     packages ${cycles.packages}, folders ${cycles.folders}, files ${cycles.files}`,
    `documented exports ${documentedExportCount} of ${exportCount} (${percent(documentedExportCount, exportCount)}), ` +
      `members ${documentedMemberCount} of ${memberCount} (${percent(documentedMemberCount, memberCount)})`,
    ...measurement.assertions
      .filter(({ functionCount }) => functionCount > 0)
      .map(
        ({ folder, functionCount, assertionCount }) =>
          `assertions ${assertionCount} in ${functionCount} functions of ${folder} (${ratio(assertionCount, functionCount)} each)`,
      ),
  ].join('\n');
}

function lengthsOf(items: readonly NamedLength[]): Lengths {
  const sorted = items.toSorted((a, b) => a.lineCount - b.lineCount);
  const at = (share: number): number =>
    sorted[Math.ceil(share * sorted.length) - 1]?.lineCount ?? 0;
  const longest = sorted.at(-1) ?? { name: 'none', lineCount: 0 };
  return { count: sorted.length, median: at(0.5), p90: at(0.9), longest };
}

function describe({ count, median, p90, longest }: Lengths): string {
  return `${count}, median ${median} lines, p90 ${p90}, longest ${longest.lineCount}: ${longest.name}`;
}

function sumOf(items: readonly NamedLength[]): number {
  return items.reduce((sum, { lineCount }) => sum + lineCount, 0);
}

function ratio(part: number, whole: number): string {
  return whole === 0 ? '-' : (part / whole).toFixed(2);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}
