// varve put: stores one value. The default durability applies: when the command ends, the value is on the disk.

import type { Command } from 'commander';
import { STANDARD_STREAM } from '../files.js';
import { openKeyspace } from '../store/open-store.js';
import type { Terminal } from '../terminal/terminal.js';
import {
  type EncodingOptions,
  type KeyspaceOptions,
  withEncodings,
  withKeyspace,
} from './options.js';
import type { Session } from './session.js';

type PutOptions = KeyspaceOptions & EncodingOptions;

/** Adds the command to the program. */
export function addPut(program: Command, session: Session): void {
  const command = program
    .command('put <directory> <key> <value>')
    .description('store a value under a key; `-` takes the bytes of standard input as the value');
  withEncodings(withKeyspace(command)).action((directory, key, value, options) =>
    runPut(session, { directory, key, value, options }),
  );
}

async function runPut(
  session: Session,
  words: { directory: string; key: string; value: string; options: PutOptions },
): Promise<void> {
  const { terminal } = session;
  // Read before opening: somebody typing the value must not hold the store.
  const input = words.value === STANDARD_STREAM ? await readInput(terminal) : undefined;
  await using keyspace = await openKeyspace(words.directory, {
    ...words.options,
    access: 'create',
  });
  const key = keyspace.keyCodec.parse(words.key);
  await keyspace.put(key, input ?? keyspace.valueCodec.parse(words.value));
  if (keyspace.isNewStore) {
    await terminal.notice(`Created a store at ${words.directory}`);
  }
}

async function readInput(terminal: Terminal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of terminal.input) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
