// varve export: a range as NDJSON or CSV, in the shape `varve import` reads back byte for byte.

import { extname } from 'node:path';
import { type Command, Option } from 'commander';
import { STANDARD_STREAM } from '../files.js';
import { createOutputFile } from '../output-file.js';
import { openKeyspace, type StoredKeyspace } from '../store/open-store.js';
import { OutputStream } from '../terminal/output-stream.js';
import { Progress } from '../terminal/progress.js';
import { csvLine } from '../text/csv-line.js';
import { entryJson } from '../text/entry-text.js';
import { formatDuration, formatQuantity, formatRate } from '../text/numbers.js';
import type { Stored } from '../text/text-codec.js';
import {
  type EncodingOptions,
  type KeyspaceOptions,
  type RangeWords,
  toKeyRange,
  withEncodings,
  withKeyspace,
  withRange,
} from './options.js';
import type { Session } from './session.js';

type ExportFormat = 'ndjson' | 'csv';
type ExportOptions = KeyspaceOptions &
  EncodingOptions &
  RangeWords & { readonly format?: ExportFormat; readonly force?: true };

/** Adds the command to the program. */
export function addExport(program: Command, session: Session): void {
  const command = program
    .command('export <directory> [file]')
    .description('write a range as NDJSON or CSV to a file or to standard output')
    .addOption(
      new Option('--format <format>', 'default: by the ending of the file, else ndjson').choices([
        'ndjson',
        'csv',
      ]),
    )
    .option('-f, --force', 'replace the file if it exists');
  withEncodings(withRange(withKeyspace(command))).action((directory, file, options) =>
    runExport(session, { directory, file: file ?? STANDARD_STREAM, options }),
  );
}

interface Written {
  readonly entryCount: number;
  readonly elapsedMs: number;
}

interface ExportWords {
  readonly directory: string;
  readonly file: string;
  readonly options: ExportOptions;
}

async function runExport(session: Session, words: ExportWords): Promise<void> {
  const { directory, file, options } = words;
  await using keyspace = await openKeyspace(directory, { ...options, access: 'read' });
  if (file === STANDARD_STREAM) {
    await writeEntries(session, keyspace, { ...words, output: session.terminal.output });
    return;
  }
  const { elapsedMs, entryCount } = await writeFile(session, keyspace, words);
  const speed = `${formatDuration(elapsedMs)}: ${formatRate(entryCount, elapsedMs)}`;
  await session.terminal.notice(
    `Exported ${formatQuantity(entryCount, 'entry')} to ${file} in ${speed}`,
  );
}

/** Leaves the whole file or what was there before. */
async function writeFile(
  session: Session,
  keyspace: StoredKeyspace,
  words: ExportWords,
): Promise<Written> {
  const existing = words.options.force ? 'replace' : 'refuse';
  const file = await createOutputFile(words.file, { existing });
  try {
    const output = new OutputStream(file.stream);
    const written = await writeEntries(session, keyspace, { ...words, output });
    await file.complete();
    return written;
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

async function writeEntries(
  session: Session,
  keyspace: StoredKeyspace,
  words: ExportWords & { output: OutputStream },
): Promise<Written> {
  const { output, options } = words;
  const toLine = lineWriter(options.format ?? formatOf(words.file), keyspace, output);
  const range = toKeyRange(options, keyspace.keyCodec);
  using progress = startProgress(session, { ...words, range, keyspace });
  let entryCount = 0;
  for await (const [key, value] of keyspace.entries(range)) {
    entryCount += 1;
    output.writeLine(toLine(key, value));
    if (output.isFull) {
      await output.flush();
      session.terminal.throwIfInterrupted();
      progress.update(entryCount);
    }
    if (output.closed) {
      break;
    }
  }
  await output.flush();
  return { entryCount, elapsedMs: progress.finish() };
}

/** The whole is known, about, when everything is exported; what goes to the terminal shows itself. */
function startProgress(
  session: Session,
  words: ExportWords & { range: object; keyspace: StoredKeyspace },
): Progress {
  const isEverything = Object.keys(words.range).length === 0;
  const isOnScreen = words.file === STANDARD_STREAM && session.terminal.outputIsTerminal;
  return new Progress(session.terminal, {
    label: 'Exporting',
    noun: 'entries',
    total: isEverything ? words.keyspace.approximateEntryCount : undefined,
    visibility: isOnScreen ? 'hidden' : 'shown',
  });
}

function lineWriter(format: ExportFormat, keyspace: StoredKeyspace, output: OutputStream) {
  const { keyCodec, valueCodec } = keyspace;
  if (format === 'ndjson') {
    const entryFormat = { keyCodec, valueCodec, part: 'both' } as const;
    return (key: Stored, value: Stored) => entryJson(key, value, entryFormat);
  }
  output.writeLine(csvLine(['key', 'value']));
  return (key: Stored, value: Stored) => csvLine([keyCodec.format(key), valueCodec.format(value)]);
}

function formatOf(file: string): ExportFormat {
  return extname(file).toLowerCase() === '.csv' ? 'csv' : 'ndjson';
}
