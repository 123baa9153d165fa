// What may not stand in a text: no file without a header, nothing put off, no code that is switched
// off, and nothing that is only true on the machine where it was written.

import ts from 'typescript';
import type { Finding, SourceTree } from './source-tree.js';
import { commentsOf } from './syntax.js';

/** Source files that do not begin by saying what they are. */
export function headerFindings(tree: SourceTree): Finding[] {
  return tree.sources
    .filter(({ text }) => !/^(#!.*\n)?\/[/*]/.test(text))
    .map(({ path }) => ({
      path,
      line: 1,
      message:
        'The file has no header. Begin with a comment: what it is, and why it has this shape.',
    }));
}

const NOTE = /\b(TODO|FIXME|XXX|HACK)\b/;

/** Notes to oneself. */
export function notedFindings(tree: SourceTree): Finding[] {
  return tree.code.flatMap((file) =>
    commentsOf(tree, file)
      .filter(({ text }) => NOTE.test(text))
      .map(({ line }) => ({
        path: file.path,
        line,
        message: 'Something is put off here. Do it now, or open an issue and delete the note.',
      })),
  );
}

/** `catch {}` and `.catch(() => {})`, with nothing inside. */
const SWALLOW = /\bcatch(?: ?\(\w+\))? ?\{\s*\}|\.catch\(\(\w*\) => (?:\{\s*\}|undefined)\)/;
const COMMENT = /^\s*(?:\/[/*]|\*)/;

/** Errors that are let go without a word why: neither inside nor on the line above. */
export function swallowedFindings(tree: SourceTree): Finding[] {
  return tree.sources.flatMap(({ path, text }) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => {
      const isExplained = COMMENT.test(line) || COMMENT.test(lines[index - 1] ?? '');
      const block = `${line}\n${lines[index + 1] ?? ''}`;
      const found = SWALLOW.exec(block);
      if (found === null || found.index >= line.length || isExplained) return [];
      const message = 'An error is let go here. Say why in a comment, or do something about it.';
      return [{ path, line: index + 1, message }];
    });
  });
}

/** Code in comments. */
export function disabledCodeFindings(tree: SourceTree): Finding[] {
  return tree.code.flatMap((file) =>
    commentsOf(tree, file)
      .filter(({ text }) => text.startsWith('//') && isStatement(text.slice(2).trim()))
      .map(({ line }) => ({
        path: file.path,
        line,
        message: 'This comment is code. Delete it: the history keeps it.',
      })),
  );
}

interface Foreign {
  readonly pattern: RegExp;
  readonly message: string;
}

const FOREIGN: readonly Foreign[] = [
  {
    pattern: /(?<![\w.])\/(work|root|tmp|home\/\w+|Users\/\w+)\//,
    message: 'This path exists on one machine. Use a relative one, or os.tmpdir().',
  },
  {
    pattern: /\bregistry\.[a-z0-9-]+\.|^\s*registry\s*=|\bnpm\.pkg\.|\/artifactory\/|\btarball:/im,
    message: 'This names a package registry. Leave it out: whoever installs has their own.',
  },
];

/** Paths of one machine and hosts of registries, in any text of the project. */
export function foreignFindings(tree: SourceTree): Finding[] {
  return tree.files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((content, index) =>
      FOREIGN.filter(({ pattern }) => pattern.test(content)).map(({ message }) => ({
        path,
        line: index + 1,
        message,
      })),
    ),
  );
}

/** Whether a line of a comment is a statement: it ends like one and parses without an error. */
function isStatement(line: string): boolean {
  if (!/[;{}]$/.test(line) || !/[=(){}[\]]/.test(line)) return false;
  const opened = line.endsWith('{') ? `${line}}` : line.replace(/^}\s*/, '');
  const parsed = ts.createSourceFile('line.ts', opened, ts.ScriptTarget.Latest);
  const { parseDiagnostics } = parsed as ts.SourceFile & { parseDiagnostics: readonly unknown[] };
  return parseDiagnostics.length === 0;
}
