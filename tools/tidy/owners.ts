// What only one place may touch: the file system, threads, time, randomness, and each library.
//
// Everything else gets it passed in, so that the same engine runs under simulation, where all of it
// is made up.

import ts from 'typescript';
import { type Finding, isTest, type SourceFile, type SourceTree } from './source-tree.js';
import { importsOf, lineOf, visit } from './syntax.js';

/** Something that only its owners may use. */
interface Owned {
  /** Matches the specifier of an import, or the text of an expression such as `Math.random`. */
  readonly pattern: RegExp;
  /** Matches the paths where it may be used. */
  readonly owners: RegExp;
  /** What to do anywhere else. */
  readonly instead: string;
}

const IMPORTS: readonly Owned[] = [
  {
    pattern: /^node:(fs|child_process|path|process)\b/,
    owners: /^packages\/vfs\/src\/node-/,
    instead: 'Use the FileSystem that is passed in',
  },
  {
    // The priority of a thread is the thread's own business.
    pattern: /^node:os$/,
    owners: /^packages\/(vfs\/src\/node-|engine\/src\/executor\/worker-main)/,
    instead: 'Use the FileSystem or the Executor that is passed in',
  },
  {
    pattern: /^node:(worker_threads|url)$/,
    owners: /^packages\/engine\/src\/executor\//,
    instead: 'Use the Executor that is passed in',
  },
  { pattern: /^node:/, owners: /^$/, instead: 'Nothing above vfs and executor knows Node' },
  {
    pattern: /^xxhash-wasm$/,
    owners: /^packages\/base\/src\/checksum\.ts$/,
    instead: 'Use the checksums of @varve/base',
  },
  {
    pattern: /^lz4-wasm/,
    owners: /^packages\/sstable\/src\/block\/lz4-module\.ts$/,
    instead: 'Use the codecs of @varve/sstable',
  },
  {
    pattern: /^msgpackr/,
    owners: /^packages\/engine\/src\/encoding\/msgpack-library\.ts$/,
    instead: 'Use the encoding msgpack',
  },
  {
    pattern: /^abstract-level$/,
    owners: /^packages\/abstract-level\/src\//,
    instead: 'Use the package @varve/abstract-level',
  },
  {
    pattern: /^(?!@varve\/|\.)/,
    owners: /^$/,
    instead: 'Do without, or write down the decision and add the library to tools/tidy/owners.ts',
  },
];

const TIME = /^packages\/base\/src\/clock(\.test)?\.ts$/;
const EXPRESSIONS: readonly Owned[] = [
  {
    pattern: /^Math\.random$/,
    owners: /^$/,
    instead: 'Use the Random that is passed in, or seeded() of the testkit',
  },
  {
    pattern: /^(globalThis\.)?crypto$/,
    owners: /^packages\/base\/src\/random(\.test)?\.ts$/,
    instead: 'Use the Random that is passed in',
  },
  {
    pattern: /^(globalThis\.)?(Date\.now|performance|process\.hrtime)$|^new Date\(\)$/,
    owners: TIME,
    instead: 'Use the Clock that is passed in',
  },
];

/** Not in tests, which may wait and may ask the process. */
const SOURCE_EXPRESSIONS: readonly Owned[] = [
  {
    pattern: /^(globalThis\.)?set(Timeout|Interval|Immediate)$/,
    owners: TIME,
    instead: 'Use Clock.delay()',
  },
  {
    pattern: /^(globalThis\.)?process$/,
    owners: /^packages\/(vfs\/src\/node-|engine\/src\/executor\/)/,
    instead: 'Pass what is needed in as an option',
  },
  { pattern: /^(globalThis\.)?console$/, owners: /^$/, instead: 'Emit an event, or throw' },
];

/** Packages that are programs of their own, not part of what is embedded. */
const PROGRAM = /^packages\/(cli|testkit)\//;

/** Uses of what belongs to another file. */
export function ownerFindings(tree: SourceTree): Finding[] {
  return tree.code.flatMap((file) => [
    ...importFaults(tree, file),
    ...expressionFaults(tree, file),
  ]);
}

function importFaults(tree: SourceTree, file: SourceFile): Finding[] {
  if (!file.path.startsWith('packages/') || isTest(file.path) || PROGRAM.test(file.path)) return [];
  return importsOf(tree, file).flatMap(({ specifier, line }) => {
    const owned = IMPORTS.find(({ pattern }) => pattern.test(specifier));
    return faultOf(file, line, specifier, owned);
  });
}

function expressionFaults(tree: SourceTree, file: SourceFile): Finding[] {
  const rules = rulesFor(file.path);
  const parsed = tree.parse(file);
  const findings: Finding[] = [];
  visit(parsed, (node) => {
    const text = expressionText(node);
    const owned = rules.find(({ pattern }) => text !== undefined && pattern.test(text));
    findings.push(...faultOf(file, lineOf(parsed, node), text ?? '', owned));
  });
  return findings;
}

function rulesFor(path: string): readonly Owned[] {
  if (!path.startsWith('packages/')) return EXPRESSIONS.slice(0, 1); // tools and benchmarks may read the clock
  return isTest(path) || PROGRAM.test(path) ? EXPRESSIONS : [...EXPRESSIONS, ...SOURCE_EXPRESSIONS];
}

function faultOf(
  file: SourceFile,
  line: number,
  name: string,
  owned: Owned | undefined,
): Finding[] {
  if (owned === undefined || owned.owners.test(file.path)) return [];
  return [{ path: file.path, line, message: `${name} has no place here. ${owned.instead}.` }];
}

/**
 * How an expression is written that may name something of the host: `name`, `name.member` or `new
 * Name()`.
 */
function expressionText(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
    return `new ${node.expression.text}(${node.arguments?.length ? '…' : ''})`;
  }
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    return `${node.expression.text}.${node.name.text}`;
  }
  return ts.isIdentifier(node) && isReference(node) ? node.text : undefined;
}

/**
 * Whether an identifier stands for a value, not for a member, a key or a name that is being
 * declared.
 */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent))
    return parent.getChildAt(0) === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return (
    !('name' in parent && parent.name === node) &&
    !('propertyName' in parent && parent.propertyName === node) &&
    !ts.isTypeReferenceNode(parent)
  );
}
