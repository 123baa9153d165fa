/**
 * The blocks of code on a page of the guide, and what they must print.
 *
 * A block of JavaScript runs as the body of an asynchronous function, with its imports turned into look-ups: so it sees the
 * packages as they are in this repository, built or not. What a comment after `console.log` says is what must be printed there.
 */
import { format } from 'node:util';

/** A block of code between fences. */
export interface PageBlock {
  readonly language: string;
  readonly code: string;
  /** Of its first line on the page, from 1. */
  readonly lineNumber: number;
}

/** The blocks of a page, in order. */
export function blocksOf(page: string): PageBlock[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1],
    code: match[2],
    lineNumber: page.slice(0, match.index).split('\n').length + 1,
  }));
}

/** Texts that a block says it prints: one for each `console.log`, or for each turn of a loop around it. */
export function promisedOutput(code: string): string[] {
  return code
    .split('\n')
    .filter((line) => line.includes('console.log('))
    .map((line) => /\/\/ (.+)$/.exec(line)?.[1] ?? '')
    .flatMap((text) => (/^\S+ \S+, /.test(text) ? text.split(', ') : [text]));
}

/** Names of the packages that a block imports. */
export function packagesOf(code: string): string[] {
  return [...code.matchAll(IMPORT)].map((match) => match[2]);
}

/** Runs a block and gives what it printed. `modules` has the packages by name. */
export async function runBlock(
  code: string,
  modules: Readonly<Record<string, unknown>>,
): Promise<string[]> {
  const lines: string[] = [];
  const console = { log: (...words: unknown[]) => lines.push(format(...words)) };
  const body = code.replace(IMPORT, (_line, names: string, name: string) => {
    return `const ${names.replaceAll(' as ', ': ')} = modules[${JSON.stringify(name)}];`;
  });
  await new AsyncFunction('modules', 'console', body)(modules, console);
  return lines;
}

const IMPORT = /^import (\{[^}]+\}) from '([^']+)';$/gm;

const AsyncFunction = (async () => {}).constructor as new (
  ...words: string[]
) => (...values: unknown[]) => Promise<void>;
