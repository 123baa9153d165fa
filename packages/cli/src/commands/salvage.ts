// varve salvage: what is provably intact of a damaged store, into a new one; exit code 1 when anything is lost.

import { type Command, Option } from 'commander';
import { ExitCode } from '../failures.js';
import {
  type SalvagedKeyspace,
  type SalvageLoss,
  type SalvageOptions,
  type SalvageReport,
  salvage,
} from '../store/engine-api.js';
import { Progress } from '../terminal/progress.js';
import { clip, escapeControls } from '../text/byte-text.js';
import { formatBytes, formatCount, formatDuration, formatQuantity } from '../text/numbers.js';
import type { Palette } from '../text/palette.js';
import { renderFacts, renderTable } from '../text/table.js';
import { type JsonOptions, withJson } from './options.js';
import type { Session } from './session.js';

const LOSS_COLUMNS = [
  { title: 'file' },
  { title: 'offset', align: 'right' },
  { title: 'size', align: 'right' },
  { title: 'keyspace' },
  { title: 'keys' },
  { title: 'entries', align: 'right' },
  { title: 'what is wrong' },
] as const;

const KEYSPACE_COLUMNS = [
  { title: 'keyspace' },
  { title: 'entries', align: 'right' },
  { title: 'tables', align: 'right' },
  { title: 'size', align: 'right' },
  { title: 'known from' },
] as const;

const ORIGIN_TEXTS: { readonly [origin in SalvagedKeyspace['origin']]: string } = {
  manifest: 'the manifest',
  table: 'its tables',
  'made up': 'its entries: name and encodings are made up',
  apart: 'nothing: one table, kept apart',
};

const MANIFEST_TEXTS: { readonly [state in SalvageReport['manifest']]: string } = {
  whole: 'whole',
  incomplete: 'incomplete: entries deleted or overwritten of late may have come back',
  lost: 'lost: entries deleted or overwritten of late may have come back',
};

/** The words of the command. */
interface SalvageWords extends JsonOptions {
  readonly unassigned: NonNullable<SalvageOptions['unassigned']>;
}

/** Adds the command to the program. */
export function addSalvage(program: Command, session: Session): void {
  const command = program
    .command('salvage <directory> <new-directory>')
    .description('copy everything that is provably intact in a damaged store to a new one')
    .addOption(
      new Option('--unassigned <where>', 'tables whose keyspace nothing tells')
        .choices(['apart', 'default'])
        .default('apart'),
    );
  withJson(command).action((directory, target, options) =>
    runSalvage(session, { directory, target, options }),
  );
}

async function runSalvage(
  session: Session,
  words: { directory: string; target: string; options: SalvageWords },
): Promise<void> {
  const { output, outputPalette: palette } = session.terminal;
  const { elapsedMs, report } = await salvageWithProgress(session, words);
  if (isIncomplete(report)) {
    session.exitCode = ExitCode.notSo;
  }
  if (words.options.json) {
    output.writeLine(toJson(words, report, elapsedMs));
    return;
  }
  output.writeLine(renderFacts(factsOf(report), palette));
  output.writeLine();
  output.writeLine(renderKeyspaces(report.keyspaces, palette));
  output.writeLine();
  if (report.losses.length > 0) {
    output.writeLine(renderLosses(report.losses, palette));
    output.writeLine();
  }
  for (const note of report.notes) {
    output.writeLine(palette.quiet(escapeControls(note)));
  }
  output.writeLine(verdictLine(report, { elapsedMs, palette, target: words.target }));
}

/** Whether anything was lost, or cannot be told apart from what was there before. */
function isIncomplete({ losses, manifest, keyspaces }: SalvageReport): boolean {
  const isMadeUp = keyspaces.some(
    ({ origin, entryCount }) => (origin === 'made up' || origin === 'apart') && entryCount > 0,
  );
  return losses.length > 0 || manifest !== 'whole' || isMadeUp;
}

async function salvageWithProgress(
  session: Session,
  words: { directory: string; target: string; options: SalvageWords },
): Promise<{ report: SalvageReport; elapsedMs: number }> {
  using progress = new Progress(session.terminal, { label: 'Salvaging', noun: 'entries' });
  const report = await salvage(words.directory, words.target, {
    unassigned: words.options.unassigned,
    onProgress: ({ doneBytes, entryCount, totalBytes }) => {
      progress.expect(totalBytes);
      progress.update(doneBytes, entryCount);
      session.terminal.throwIfInterrupted();
    },
  });
  return { report, elapsedMs: progress.finish() };
}

function factsOf(report: SalvageReport): (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [
    ['manifest', MANIFEST_TEXTS[report.manifest]],
    ['read', `${formatQuantity(report.readEntryCount, 'entry')}, older versions included`],
    [
      'written',
      `${formatQuantity(report.entryCount, 'entry')} in ${formatQuantity(report.tableCount, 'table')}, ${formatBytes(report.sizeBytes)}`,
    ],
  ];
  if (report.discardedBytes > 0) {
    const discarded = formatQuantity(report.discardedBytes, 'byte');
    facts.push(['cut short', `${discarded} that were never synced: normal after a crash`]);
  }
  return facts;
}

function renderKeyspaces(keyspaces: readonly SalvagedKeyspace[], palette: Palette): string {
  const rows = keyspaces.map(({ name, entryCount, tableCount, sizeBytes, origin }) => [
    palette.key(escapeControls(name)),
    formatCount(entryCount),
    formatCount(tableCount),
    formatBytes(sizeBytes),
    ORIGIN_TEXTS[origin],
  ]);
  return renderTable(KEYSPACE_COLUMNS, rows, palette);
}

function renderLosses(losses: readonly SalvageLoss[], palette: Palette): string {
  const rows = losses.map((loss) => [
    palette.key(loss.file),
    String(loss.offset),
    formatBytes(loss.sizeBytes),
    escapeControls(loss.keyspace ?? ''),
    keyRangeText(loss),
    loss.entryCount === undefined ? '?' : formatCount(loss.entryCount),
    palette.bad(escapeControls(loss.reason)),
  ]);
  return renderTable(LOSS_COLUMNS, rows, palette);
}

function keyRangeText({ firstKey, lastKey }: SalvageLoss): string {
  if (firstKey === undefined && lastKey === undefined) {
    return '?';
  }
  return `${keyText(firstKey)} … ${keyText(lastKey)}`;
}

/** Text where it is text; a key may be any bytes. */
function keyText(key: Uint8Array | undefined): string {
  if (key === undefined) {
    return '?';
  }
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text).equals(bytes);
  return clip(isText ? escapeControls(text) : bytes.toString('hex'));
}

function verdictLine(
  report: SalvageReport,
  options: { elapsedMs: number; palette: Palette; target: string },
): string {
  const { elapsedMs, palette, target } = options;
  const time = formatDuration(elapsedMs);
  if (!isIncomplete(report)) {
    return palette.good(`✓ Everything is in ${target}; nothing was lost (${time})`);
  }
  const files = new Set(report.losses.map(({ file }) => file)).size;
  const lost =
    report.losses.length === 0
      ? 'No entry is known to be lost, but the store could not be put together with certainty.'
      : `Lost: ${formatQuantity(report.losses.length, 'range')} in ${formatQuantity(files, 'file')}.`;
  return palette.bad(
    `✗ ${lost} The rest is in ${target}; the damaged store is as it was (${time})`,
  );
}

function toJson(
  words: { directory: string; target: string },
  report: SalvageReport,
  elapsedMs: number,
): string {
  const { directory, target } = words;
  const losses = report.losses.map(({ firstKey, lastKey, ...loss }) => ({
    ...loss,
    ...(firstKey === undefined ? {} : { firstKeyHex: Buffer.from(firstKey).toString('hex') }),
    ...(lastKey === undefined ? {} : { lastKeyHex: Buffer.from(lastKey).toString('hex') }),
  }));
  const isComplete = !isIncomplete(report);
  return JSON.stringify({ directory, target, isComplete, elapsedMs, ...report, losses });
}
