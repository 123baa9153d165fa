// varve keyspaces list: the keyspaces of a store and how each encodes its entries.

import type { Command } from 'commander';
import { openForReading } from '../store/open-store.js';
import { formatBytes, formatCount } from '../text/numbers.js';
import { renderTable } from '../text/table.js';
import { type JsonOptions, withJson } from './options.js';
import type { Session } from './session.js';

const COLUMNS = [
  { title: 'keyspace' },
  { title: 'keys' },
  { title: 'values' },
  { title: 'compression' },
  { title: 'entries', align: 'right' },
  { title: 'size', align: 'right' },
] as const;

/** Adds the command to the program. */
export function addKeyspaces(program: Command, session: Session): void {
  const group = program.command('keyspaces').description('the keyspaces of a store');
  const list = group
    .command('list <directory>')
    .description('list them, with their encodings; entries count those in tables');
  withJson(list).action((directory, options) => runList(session, { directory, options }));
}

async function runList(
  session: Session,
  words: { directory: string; options: JsonOptions },
): Promise<void> {
  const { output, outputPalette: palette } = session.terminal;
  await using store = await openForReading(words.directory);
  const keyspaces = store
    .stats()
    .keyspaces.map(({ compression, entryCount, keyEncoding, name, sizeBytes, valueEncoding }) => ({
      name,
      keyEncoding,
      valueEncoding,
      compression,
      entryCount,
      sizeBytes,
    }));
  if (words.options.json) {
    output.writeLine(JSON.stringify(keyspaces));
    return;
  }
  const rows = keyspaces.map((keyspace) => [
    palette.key(keyspace.name),
    keyspace.keyEncoding,
    keyspace.valueEncoding,
    keyspace.compression,
    formatCount(keyspace.entryCount),
    formatBytes(keyspace.sizeBytes),
  ]);
  output.writeLine(renderTable(COLUMNS, rows, palette));
}
