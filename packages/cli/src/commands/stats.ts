// varve stats: the figures of a store, as it is found on the disk.

import type { Command } from 'commander';
import type { DatabaseStatistics } from '../store/engine-api.js';
import { openForReading } from '../store/open-store.js';
import { formatBytes, formatCount, formatQuantity } from '../text/numbers.js';
import type { Palette } from '../text/palette.js';
import { renderFacts } from '../text/table.js';
import { drawKeyspaces } from '../text/tree-drawing.js';
import { type JsonOptions, withJson } from './options.js';
import type { Session } from './session.js';

/** Adds the command to the program. */
export function addStats(program: Command, session: Session): void {
  const command = program
    .command('stats <directory>')
    .description('print what the store holds and what opening it found and took');
  withJson(command, 'everything the engine knows, as JSON').action((directory, options) =>
    runStats(session, { directory, options }),
  );
}

async function runStats(
  session: Session,
  words: { directory: string; options: JsonOptions },
): Promise<void> {
  const { output, outputPalette: palette } = session.terminal;
  await using store = await openForReading(words.directory);
  const stats = store.stats();
  if (words.options.json) {
    output.writeLine(JSON.stringify({ directory: store.path, ...stats }));
    return;
  }
  output.writeLine(renderFacts([['store', store.path], ...factsOf(stats)], palette));
  output.writeLine();
  output.writeLine(drawKeyspaces(stats.keyspaces, palette));
  output.writeLine();
  output.writeLine(recoveryLine(stats, palette));
}

function factsOf(stats: DatabaseStatistics): (readonly [string, string])[] {
  const entryCount = stats.keyspaces.reduce((sum, keyspace) => sum + keyspace.entryCount, 0);
  return [
    ['last write', `number ${formatCount(stats.sequence)}`],
    ['keyspaces', formatCount(stats.keyspaces.length)],
    ['entries in tables', formatCount(entryCount)],
    ['tables', `${formatCount(stats.tables.count)}, ${formatBytes(stats.tables.sizeBytes)}`],
    ['in the log', `${formatBytes(stats.memory.memtableBytes)} of entries`],
    ['indexes and filters', `${formatBytes(stats.memory.indexAndFilterBytes)} of memory`],
  ];
}

function recoveryLine(stats: DatabaseStatistics, palette: Palette): string {
  const { discardedBytes, replayedGroupCount } = stats.recovery;
  const replayed = `Opening it replayed ${formatQuantity(replayedGroupCount, 'write group')} of the log`;
  if (discardedBytes === 0) {
    return palette.quiet(`${replayed}; nothing was cut short.`);
  }
  return palette.warning(
    `${replayed}; the last ${formatQuantity(discardedBytes, 'byte')} were cut short by a crash before they were synced.`,
  );
}
