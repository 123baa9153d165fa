// varve get: the value of one key.

import type { Command } from 'commander';
import { ExitCode } from '../failures.js';
import { openKeyspace } from '../store/open-store.js';
import {
  type EncodingOptions,
  type JsonOptions,
  type KeyspaceOptions,
  withEncodings,
  withJson,
  withKeyspace,
} from './options.js';
import type { Session } from './session.js';

type GetOptions = KeyspaceOptions & EncodingOptions & JsonOptions & { readonly raw?: true };

/** Adds the command to the program. */
export function addGet(program: Command, session: Session): void {
  const command = program
    .command('get <directory> <key>')
    .description('print the value of a key; exit code 1 when there is none')
    .option('--raw', "print the value's bytes as they are, with no line end");
  withJson(withEncodings(withKeyspace(command))).action((directory, key, options) =>
    runGet(session, { directory, key, options }),
  );
}

async function runGet(
  session: Session,
  words: { directory: string; key: string; options: GetOptions },
): Promise<void> {
  const { terminal } = session;
  const { options } = words;
  await using keyspace = await openKeyspace(words.directory, { ...options, access: 'read' });
  const { keyCodec, valueCodec } = keyspace;
  const value = await keyspace.get(keyCodec.parse(words.key));
  if (options.json) {
    const found = value !== undefined;
    const answer = found ? { value: valueCodec.toField(value) } : {};
    terminal.output.writeLine(JSON.stringify({ key: words.key, found, ...answer }));
  } else if (value !== undefined && options.raw) {
    await terminal.output.writeBytes(value);
  } else if (value !== undefined) {
    const text = terminal.outputIsTerminal ? valueCodec.show(value) : valueCodec.format(value);
    terminal.output.writeLine(text);
  } else {
    await terminal.notice(`There is no key ${JSON.stringify(words.key)} in ${keyspace.label}`);
  }
  if (value === undefined) {
    session.exitCode = ExitCode.notSo;
  }
}
