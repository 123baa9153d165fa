// varve put: stores one value. The default durability applies: when the command ends, the value is on the disk.

import type { Command } from 'commander';
import { STANDARD_STREAM } from '../files.js';
import { openKeyspace } from '../store/open-store.js';
import type { Terminal } from '../terminal/terminal.js';
import { formatBytesAsText, isTextForm } from '../text/byte-text.js';
import type { Stored, TextCodec } from '../text/text-codec.js';
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
  const { directory, options } = words;
  // Read before opening: somebody typing the value must not hold the store.
  const input = words.value === STANDARD_STREAM ? await readInput(terminal) : undefined;
  await using keyspace = await openKeyspace(directory, { ...options, access: 'create' });
  const { keyCodec, valueCodec } = keyspace;
  const key = keyCodec.parse(words.key);
  const value =
    input === undefined ? valueCodec.parse(words.value) : valueOfInput(input, valueCodec);
  await keyspace.put(key, value);
  if (keyspace.isNewStore) {
    await terminal.notice(`Created a store at ${directory}`);
  }
}

/** Bytes are stored as they come, whatever they are written as elsewhere; a structured value is read from its text. */
function valueOfInput(input: Uint8Array, codec: TextCodec): Stored {
  return isTextForm(codec.encoding) ? input : codec.parse(formatBytesAsText(input, 'utf8'));
}

async function readInput(terminal: Terminal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of terminal.input) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
