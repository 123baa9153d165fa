// varve del: removes one key. It is no failure when the key is not there: afterwards it is not there either way.

import type { Command } from 'commander';
import { openKeyspace } from '../store/open-store.js';
import {
  type EncodingOptions,
  type KeyspaceOptions,
  withKeyEncoding,
  withKeyspace,
} from './options.js';
import type { Session } from './session.js';

type DeleteOptions = KeyspaceOptions & Pick<EncodingOptions, 'keyEncoding'>;

/** Adds the command to the program. */
export function addDelete(program: Command, session: Session): void {
  const command = program.command('del <directory> <key>').description('remove a key');
  withKeyEncoding(withKeyspace(command)).action((directory, key, options) =>
    runDelete(session, { directory, key, options }),
  );
}

async function runDelete(
  session: Session,
  words: { directory: string; key: string; options: DeleteOptions },
): Promise<void> {
  await using keyspace = await openKeyspace(words.directory, {
    ...words.options,
    access: 'write',
  });
  const key = keyspace.keyCodec.parse(words.key);
  if (await keyspace.has(key)) {
    await keyspace.del(key);
    return;
  }
  await session.terminal.notice(
    `There was no key ${JSON.stringify(words.key)} in ${keyspace.label}: nothing removed`,
  );
}
