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
    options.raw
      ? runGetRaw(session, { directory, key, options })
      : runGet(session, { directory, key, options }),
  );
}

interface GetWords {
  readonly directory: string;
  readonly key: string;
  readonly options: GetOptions;
}

async function runGet(session: Session, words: GetWords): Promise<void> {
  const { terminal } = session;
  const { directory, key, options } = words;
  await using keyspace = await openKeyspace(directory, { ...options, access: 'read' });
  const { keyCodec, valueCodec } = keyspace;
  const value = await keyspace.get(keyCodec.parse(key));
  const found = value !== undefined;
  if (options.json) {
    const answer = found ? { value: valueCodec.toField(value) } : {};
    terminal.output.writeLine(JSON.stringify({ key, found, ...answer }));
  } else if (found) {
    const text = terminal.outputIsTerminal ? valueCodec.show(value) : valueCodec.format(value);
    terminal.output.writeLine(text);
  }
  if (!found) {
    await reportMissing(session, key, keyspace.label);
  }
}

async function runGetRaw(session: Session, words: GetWords): Promise<void> {
  const { directory, key, options } = words;
  const request = { ...options, valueEncoding: 'hex', access: 'read' } as const;
  await using keyspace = await openKeyspace(directory, request);
  const value = await keyspace.get(keyspace.keyCodec.parse(key));
  if (value instanceof Uint8Array) {
    await session.terminal.output.writeBytes(value);
    return;
  }
  await reportMissing(session, key, keyspace.label);
}

async function reportMissing(session: Session, key: string, label: string): Promise<void> {
  session.exitCode = ExitCode.notSo;
  await session.terminal.notice(`There is no key ${JSON.stringify(key)} in ${label}`);
}
