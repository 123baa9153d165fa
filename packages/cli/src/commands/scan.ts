// varve scan: the entries of a range in order, one per line, as they are read.

import { type Command, Option } from 'commander';
import { openKeyspace } from '../store/open-store.js';
import { type EntryPart, entryJson, entryLine } from '../text/entry-text.js';
import type { Stored } from '../text/text-codec.js';
import {
  type EncodingOptions,
  type JsonOptions,
  type KeyspaceOptions,
  type RangeWords,
  toKeyRange,
  withEncodings,
  withJson,
  withKeyspace,
  withRange,
} from './options.js';
import type { Session } from './session.js';

const EXAMPLES = `
Examples:
  $ varve scan ./data --prefix user: --limit 10        the first ten keys that begin with user:
  $ varve scan ./data --gte b --lt c --json            a range, one JSON object per line
  $ varve scan ./data -k places --prefix '["CH"]'      a keyspace whose keys are tuples`;

type ScanOptions = KeyspaceOptions &
  EncodingOptions &
  RangeWords &
  JsonOptions & { readonly only?: EntryPart };

/** Adds the command to the program. */
export function addScan(program: Command, session: Session): void {
  const command = program
    .command('scan <directory>')
    .description('print the entries of a range in key order')
    .addOption(new Option('--only <part>', 'print one part').choices(['keys', 'values']));
  command.addHelpText('after', EXAMPLES);
  withJson(withEncodings(withRange(withKeyspace(command))), 'one JSON object per line').action(
    (directory, options) => runScan(session, { directory, options }),
  );
}

async function runScan(
  session: Session,
  words: { directory: string; options: ScanOptions },
): Promise<void> {
  const { output, outputPalette: palette } = session.terminal;
  const { options } = words;
  await using keyspace = await openKeyspace(words.directory, { ...options, access: 'read' });
  const format = {
    keyCodec: keyspace.keyCodec,
    valueCodec: keyspace.valueCodec,
    part: options.only ?? 'both',
  };
  const toLine = options.json
    ? (key: Stored, value: Stored) => entryJson(key, value, format)
    : (key: Stored, value: Stored) => entryLine(key, value, { format, palette });
  let entryCount = 0;
  for await (const [key, value] of keyspace.entries(toKeyRange(options, keyspace.keyCodec))) {
    entryCount += 1;
    output.writeLine(toLine(key, value));
    if (output.isFull) {
      await output.flush();
      session.terminal.throwIfInterrupted();
    }
    if (output.closed) {
      return;
    }
  }
  if (entryCount === 0) {
    await session.terminal.notice(`There are no entries in that range of ${keyspace.label}`);
  }
}
