// varve dump: what the bytes of one file mean, line by line, for people who debug.
//
// The lines of a table are many times its size and often only the first are read, so they are made, in text
// and in JSON, as the reader takes them.

import { basename } from 'node:path';
import type { Command } from 'commander';
import { NotSoError, UsageError } from '../failures.js';
import { kindOfPath } from '../files.js';
import { dump } from '../store/engine-api.js';
import type { Palette } from '../text/palette.js';
import { type JsonOptions, withJson } from './options.js';
import type { Session } from './session.js';

const FILE_KINDS = [
  { kind: 'table', pattern: /^\d+\.sst$/, example: '000013.sst', title: 'a table' },
  { kind: 'wal', pattern: /^\d+\.log$/, example: '000012.log', title: 'a write-ahead log' },
  { kind: 'manifest', pattern: /^MANIFEST-\d+$/, example: 'MANIFEST-000022', title: 'a manifest' },
] as const;

type FileKind = (typeof FILE_KINDS)[number];

/** Adds the command to the program. */
export function addDump(program: Command, session: Session): void {
  const group = program
    .command('dump')
    .description('print what the bytes of one file mean; shows keys and values');
  for (const fileKind of FILE_KINDS) {
    const command = group
      .command(`${fileKind.kind} <file>`)
      .description(`${fileKind.title}, such as ./data/${fileKind.example}`);
    withJson(command, 'the lines as JSON').action((file, options) =>
      runDump(session, { fileKind, file, options }),
    );
  }
}

async function runDump(
  session: Session,
  words: { fileKind: FileKind; file: string; options: JsonOptions },
): Promise<void> {
  const { outputPalette: palette } = session.terminal;
  const { file, fileKind, options } = words;
  assertKind(file, fileKind);
  const lines = await dump(file);
  const parts = options.json
    ? jsonParts({ file, kind: fileKind.kind }, lines)
    : textParts(lines, palette);
  await session.terminal.writeAll(parts);
}

function* textParts(lines: Iterable<string>, palette: Palette): Generator<string, void> {
  for (const line of lines) {
    yield `${quietComment(line, palette)}\n`;
  }
}

/** One object: the members of `about`, then the lines. */
function* jsonParts(
  about: Readonly<Record<string, string>>,
  lines: Iterable<string>,
): Generator<string, void> {
  yield `${JSON.stringify(about).slice(0, -1)},"lines":[`;
  let separator = '';
  for (const line of lines) {
    yield separator + JSON.stringify(line);
    separator = ',';
  }
  yield ']}\n';
}

/** A file of another kind is more likely the wrong word than a wrong name. */
function assertKind(file: string, wanted: FileKind): void {
  if (wanted.pattern.test(basename(file))) {
    if (kindOfPath(file) === 'nothing') {
      throw new NotSoError(`Cannot dump ${file}: there is no such file`);
    }
    return;
  }
  const actual = FILE_KINDS.find(({ pattern }) => pattern.test(basename(file)));
  if (actual !== undefined) {
    throw new UsageError(
      `Cannot dump ${file} as ${wanted.title}: by its name it is ${actual.title}; use \`varve dump ${actual.kind}\``,
    );
  }
  const hint = kindOfPath(file) === 'directory' ? ', a file in that directory' : '';
  throw new UsageError(
    `Cannot dump ${file} as ${wanted.title}: name a file such as ${wanted.example}${hint}`,
  );
}

/** Dims what follows the bytes, which are what one looks for. */
function quietComment(line: string, palette: Palette): string {
  const at = line.indexOf('  # ');
  return at === -1 ? line : line.slice(0, at) + palette.quiet(line.slice(at));
}
