// varve tree: the shape of the store, drawn.

import type { Command } from 'commander';
import { NotSoError } from '../failures.js';
import type { DatabaseStatistics, KeyspaceStatistics } from '../store/engine-api.js';
import { openForReading } from '../store/open-store.js';
import { formatBytes, formatCount, formatQuantity, formatRatio } from '../text/numbers.js';
import type { Palette } from '../text/palette.js';
import { renderFacts } from '../text/table.js';
import { drawKeyspaces, drawLevels, lookupTableCount } from '../text/tree-drawing.js';
import { type JsonOptions, withJson } from './options.js';
import type { Session } from './session.js';

type TreeOptions = JsonOptions & { readonly keyspace?: string };

/** Adds the command to the program. */
export function addTree(program: Command, session: Session): void {
  const command = program
    .command('tree <directory>')
    .description('draw the levels of the store: files, bytes, what a lookup has to touch')
    .option('-k, --keyspace <name>', 'only this keyspace (default: all)');
  withJson(command).action((directory, options) => runTree(session, { directory, options }));
}

async function runTree(
  session: Session,
  words: { directory: string; options: TreeOptions },
): Promise<void> {
  const { output, outputPalette: palette, widthColumns } = session.terminal;
  await using store = await openForReading(words.directory);
  const stats = store.stats();
  const keyspaces = chooseKeyspaces(stats, words.options.keyspace);
  if (words.options.json) {
    output.writeLine(JSON.stringify({ directory: store.path, keyspaces }));
    return;
  }
  output.writeLine(palette.heading(store.path));
  output.writeLine();
  output.writeLine(drawLevels(keyspaces, { palette, widthColumns }));
  output.writeLine();
  output.writeLine(drawKeyspaces(keyspaces, palette));
  output.writeLine();
  output.writeLine(renderTreeFacts(keyspaces, { stats, palette }));
}

function chooseKeyspaces(
  stats: DatabaseStatistics,
  name: string | undefined,
): readonly KeyspaceStatistics[] {
  const chosen = stats.keyspaces.filter((keyspace) => name === undefined || keyspace.name === name);
  if (chosen.length === 0) {
    const names = stats.keyspaces.map((keyspace) => keyspace.name).join(', ');
    throw new NotSoError(`There is no keyspace ${JSON.stringify(name)}`, {
      advice: `There are: ${names}.`,
    });
  }
  return chosen;
}

function renderTreeFacts(
  keyspaces: readonly KeyspaceStatistics[],
  options: { stats: DatabaseStatistics; palette: Palette },
): string {
  const { palette, stats } = options;
  const sizeBytes = sumOf(keyspaces, (keyspace) => keyspace.sizeBytes);
  const rawBytes = sumOf(keyspaces, (keyspace) => keyspace.rawBytes);
  const tableCount = sumOf(keyspaces, ({ levels }) => sumOf(levels, (level) => level.tableCount));
  const tombstoneCount = sumOf(keyspaces, ({ levels }) =>
    sumOf(levels, (level) => level.tombstoneCount),
  );
  return renderFacts(
    [
      ['tables', `${formatCount(tableCount)}, ${formatBytes(sizeBytes)}`],
      [
        'keys and values',
        `${formatBytes(rawBytes)}; on disk ${formatRatio(sizeBytes / rawBytes)} of that`,
      ],
      ['a lookup touches', `at most ${formatQuantity(lookupTableCount(keyspaces), 'table')}`],
      ['tombstones', formatCount(tombstoneCount)],
      ['not in tables yet', formatBytes(stats.memory.memtableBytes)],
    ],
    palette,
  );
}

function sumOf<Item>(items: readonly Item[], size: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + size(item), 0);
}
