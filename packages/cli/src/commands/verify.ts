// varve verify: reads everything and says what is damaged; exit code 1 when anything is.

import { basename } from 'node:path';
import type { Command } from 'commander';
import { ExitCode } from '../failures.js';
import { type StorageError, type VerifyReport, verify } from '../store/engine-api.js';
import { Progress } from '../terminal/progress.js';
import { escapeControls } from '../text/byte-text.js';
import {
  formatByteRate,
  formatBytes,
  formatCount,
  formatDuration,
  formatQuantity,
} from '../text/numbers.js';
import type { Palette } from '../text/palette.js';
import { renderFacts, renderTable } from '../text/table.js';
import { type JsonOptions, withJson } from './options.js';
import type { Session } from './session.js';

const DAMAGE_COLUMNS = [
  { title: 'file' },
  { title: 'offset', align: 'right' },
  { title: 'what' },
  { title: 'damage' },
] as const;

/** Adds the command to the program. */
export function addVerify(program: Command, session: Session): void {
  const command = program
    .command('verify <directory>')
    .description('check every checksum, the order and bounds of all entries, and the levels');
  withJson(command).action((directory, options) => runVerify(session, { directory, options }));
}

async function runVerify(
  session: Session,
  words: { directory: string; options: JsonOptions },
): Promise<void> {
  const { output, outputPalette: palette } = session.terminal;
  const { elapsedMs, report } = await verifyWithProgress(session, words.directory);
  if (report.damage.length > 0) {
    session.exitCode = ExitCode.notSo;
  }
  if (words.options.json) {
    output.writeLine(toJson(words.directory, report, elapsedMs));
    return;
  }
  output.writeLine(renderFacts(factsOf(report), palette));
  output.writeLine();
  if (report.damage.length > 0) {
    output.writeLine(renderDamage(report.damage, palette));
    output.writeLine();
  }
  output.writeLine(verdictLine(report, { elapsedMs, palette }));
}

async function verifyWithProgress(
  session: Session,
  directory: string,
): Promise<{ report: VerifyReport; elapsedMs: number }> {
  using progress = new Progress(session.terminal, { label: 'Verifying', noun: 'tables' });
  const report = await verify(directory, {
    onProgress: ({ checkedBytes, checkedTableCount, totalBytes }) => {
      progress.expect(totalBytes);
      progress.update(checkedBytes, checkedTableCount);
      session.terminal.throwIfInterrupted();
    },
  });
  return { report, elapsedMs: progress.finish() };
}

function factsOf(report: VerifyReport): (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [
    ['keyspaces', formatCount(report.keyspaceCount)],
    ['tables', `${formatCount(report.tableCount)}, ${formatBytes(report.tableBytes)}`],
    ['entries in tables', formatCount(report.entryCount)],
    [
      'in the log',
      `${formatQuantity(report.logEntryCount, 'entry')} in ${formatQuantity(report.logGroupCount, 'write group')}`,
    ],
  ];
  if (report.discardedBytes > 0) {
    const discarded = formatQuantity(report.discardedBytes, 'byte');
    facts.push(['cut short', `${discarded} that were never synced: normal after a crash`]);
  }
  return facts;
}

function renderDamage(damage: readonly StorageError[], palette: Palette): string {
  const rows = damage.map((error) => [
    palette.key(escapeControls(fileNameOf(error))),
    error.offset === undefined ? '' : String(error.offset),
    error.where ?? error.code,
    palette.bad(escapeControls(error.message)),
  ]);
  return renderTable(DAMAGE_COLUMNS, rows, palette);
}

function verdictLine(
  report: VerifyReport,
  options: { elapsedMs: number; palette: Palette },
): string {
  const { elapsedMs, palette } = options;
  if (report.damage.length > 0) {
    const files = new Set(report.damage.map(fileNameOf)).size;
    return palette.bad(
      `✗ Damaged: ${formatQuantity(report.damage.length, 'problem')} in ${formatQuantity(files, 'file')}. Nothing was changed.`,
    );
  }
  const speed = `${formatDuration(elapsedMs)}, ${formatByteRate(report.tableBytes, elapsedMs)}`;
  return palette.good(
    `✓ No damage: checksums, order, bounds, levels and logs are right (${speed})`,
  );
}

function fileNameOf(error: StorageError): string {
  return error.file === undefined ? '' : basename(error.file);
}

function toJson(directory: string, report: VerifyReport, elapsedMs: number): string {
  const damage = report.damage.map(({ code, file, message, offset, where }) => ({
    code,
    where,
    file,
    offset,
    message,
  }));
  return JSON.stringify({ directory, isWhole: damage.length === 0, elapsedMs, ...report, damage });
}
