// varve import: NDJSON or CSV into a keyspace, with progress, in batches; a LevelDB in import-leveldb.ts.
//
// Batches are acknowledged once the operating system has them; closing the store puts everything on the disk, before the
// command says that it is done. When it is interrupted or a record is bad, what was read before
// stays imported and the message says how much that is. Importing the same file again is harmless: equal keys get equal
// values.

import { extname } from 'node:path';
import { type Command, Option } from 'commander';
import { InterruptedError, NotSoError, UsageError } from '../failures.js';
import { type InputSource, openInput, STANDARD_STREAM } from '../files.js';
import { readCsv } from '../records/csv.js';
import { createEntryReader } from '../records/entry-reader.js';
import { readNdjson } from '../records/ndjson.js';
import type { RecordRuns } from '../records/source-record.js';
import { ImportBatches } from '../store/import-batches.js';
import { openKeyspace, type StoredKeyspace } from '../store/open-store.js';
import { Progress } from '../terminal/progress.js';
import { formatBytes, formatDuration, formatQuantity, formatRate } from '../text/numbers.js';
import { importLevelDb } from './import-leveldb.js';
import {
  type EncodingOptions,
  type JsonOptions,
  type KeyspaceOptions,
  withEncodings,
  withJson,
  withKeyspace,
} from './options.js';
import type { Session } from './session.js';

const EXAMPLES = `
Examples:
  $ varve import ./data people.csv --key-column id                      each row as JSON under its id
  $ varve import ./data people.csv --key-column id --value-column name  one column as the value
  $ zcat log.gz | varve import ./data - --format ndjson -k log          lines such as {"key":"a","value":"1"}
  $ varve import --from leveldb ./level ./data                          a LevelDB, copied and compared entry by entry

With --from the words are <leveldb-directory> <directory>. LevelDB is read through the package classic-level, which must be
installed where varve is started. Bytes are copied as they are. --key-encoding and --value-encoding (utf8, json, hex) say
what a new keyspace calls them; hex, binary keys and values, is the default.`;

type ImportFormat = 'ndjson' | 'csv';
type ImportOptions = KeyspaceOptions &
  EncodingOptions &
  JsonOptions & {
    readonly from?: 'leveldb';
    readonly format?: ImportFormat;
    readonly keyColumn?: string;
    readonly valueColumn?: string;
    readonly delimiter?: string;
  };

interface ImportWords {
  readonly directory: string;
  readonly file: string;
  readonly options: ImportOptions;
}

/** Adds the command to the program. */
export function addImport(program: Command, session: Session): void {
  const command = program
    .command('import <directory> <file>')
    .usage('[options] <directory> <file> | --from leveldb <leveldb-directory> <directory>')
    .description(
      'store the records of an NDJSON or CSV file (`-` reads standard input), or all of a LevelDB',
    )
    .addOption(new Option('--from <kind>', 'copy another store').choices(['leveldb']))
    .addOption(
      new Option('--format <format>', 'default: by the ending of the file').choices([
        'ndjson',
        'csv',
      ]),
    )
    .option('--key-column <name>', 'field that holds the key (default: key)')
    .option(
      '--value-column <name>',
      'field that holds the value (default: value; with --key-column, the whole record as JSON)',
    )
    .option('--delimiter <character>', 'between CSV fields (default: a comma; a tab for .tsv)');
  command.addHelpText('after', EXAMPLES);
  withJson(withEncodings(withKeyspace(command)), 'summary as JSON').action(
    (directory, file, options) =>
      options.from === 'leveldb'
        ? importLevelDb(session, {
            source: directory,
            directory: file,
            options: withoutFileOptions(options),
          })
        : runImport(session, { directory, file, options }),
  );
}

const FILE_OPTIONS = {
  format: '--format',
  keyColumn: '--key-column',
  valueColumn: '--value-column',
  delimiter: '--delimiter',
} as const;

/** Entries of another store have no columns. */
function withoutFileOptions(options: ImportOptions): ImportOptions {
  for (const [name, flag] of Object.entries(FILE_OPTIONS)) {
    if (options[name as keyof typeof FILE_OPTIONS] !== undefined) {
      throw new UsageError(`Cannot use ${flag} with --from: it is about files`);
    }
  }
  return options;
}

async function runImport(session: Session, words: ImportWords): Promise<void> {
  const { file, options } = words;
  const format = options.format ?? formatOf(file);
  const delimiter = delimiterOf(words);
  await using source = await openInput(file, session.terminal);
  const records =
    format === 'csv'
      ? readCsv(source.chunks, { inputName: source.name, delimiter })
      : readNdjson(source.chunks, source.name);
  using progress = new Progress(session.terminal, {
    label: 'Importing',
    noun: 'records',
    total: source.sizeBytes,
  });
  const result = await importRecords(session, { format, records, source, words, progress });
  await report(session, { ...result, words, source, elapsedMs: progress.finish() });
}

interface ImportJob {
  readonly format: ImportFormat;
  readonly records: RecordRuns;
  readonly source: InputSource;
  readonly words: ImportWords;
  readonly progress: Progress;
}

interface ImportResult {
  readonly recordCount: number;
  /** What the records went into, in words. */
  readonly target: string;
}

/** When this resolves the store is closed and everything is on the disk. */
async function importRecords(session: Session, job: ImportJob): Promise<ImportResult> {
  const { directory, options } = job.words;
  await using keyspace = await openKeyspace(directory, { ...options, access: 'create' });
  const batches = new ImportBatches(keyspace);
  try {
    await addRecords(session, job, { keyspace, batches });
    await batches.commit();
  } catch (error) {
    throw await keepWhatWasRead(error, batches);
  }
  return { recordCount: batches.entryCount, target: keyspace.label };
}

async function addRecords(
  session: Session,
  job: ImportJob,
  target: { keyspace: StoredKeyspace; batches: ImportBatches },
): Promise<void> {
  const { batches, keyspace } = target;
  const readEntry = createEntryReader({
    keyColumn: job.words.options.keyColumn,
    valueColumn: job.words.options.valueColumn,
    keyCodec: keyspace.keyCodec,
    valueCodec: keyspace.valueCodec,
    fieldKind: job.format === 'csv' ? 'text' : 'json',
    inputName: job.source.name,
  });
  for await (const run of job.records) {
    for (const record of run) {
      batches.add(readEntry(record));
      if (batches.isFull) {
        await batches.commit();
      }
    }
    job.progress.update(job.source.bytesRead, batches.entryCount);
    session.terminal.throwIfInterrupted();
  }
}

/** Commits what came before a bad record or Ctrl-C, and says how much that was. */
async function keepWhatWasRead(error: unknown, batches: ImportBatches): Promise<unknown> {
  if (!(error instanceof NotSoError || error instanceof InterruptedError)) {
    return error;
  }
  await batches.commit();
  const { entryCount } = batches;
  if (error instanceof InterruptedError) {
    return new InterruptedError(`Interrupted: ${formatQuantity(entryCount, 'record')} stored`);
  }
  const kept =
    entryCount === 0
      ? 'Nothing was stored.'
      : `${formatQuantity(entryCount, 'record')} before that stored.`;
  const advice = error.advice === undefined ? kept : `${kept} ${error.advice}`;
  return new NotSoError(error.message, { advice, cause: error });
}

async function report(
  session: Session,
  result: ImportResult & { words: ImportWords; source: InputSource; elapsedMs: number },
): Promise<void> {
  const { elapsedMs, recordCount, source, target, words } = result;
  if (words.options.json) {
    const { keyspace } = words.options;
    const { bytesRead } = source;
    const summary = { directory: words.directory, keyspace, recordCount, bytesRead, elapsedMs };
    session.terminal.output.writeLine(JSON.stringify(summary));
    return;
  }
  const amount = `${formatQuantity(recordCount, 'record')} (${formatBytes(source.bytesRead)})`;
  const speed = `${formatDuration(elapsedMs)}: ${formatRate(recordCount, elapsedMs)}`;
  await session.terminal.notice(`Imported ${amount} into ${target} in ${speed}`);
}

function formatOf(file: string): ImportFormat {
  switch (extname(file).toLowerCase()) {
    case '.ndjson':
    case '.jsonl':
      return 'ndjson';
    case '.csv':
    case '.tsv':
      return 'csv';
    default:
      throw new UsageError(
        file === STANDARD_STREAM
          ? 'Cannot know the format of standard input: add --format ndjson or --format csv'
          : `Cannot know the format of ${file} by its ending: add --format ndjson or --format csv`,
      );
  }
}

function delimiterOf(words: ImportWords): string {
  const fallback = extname(words.file).toLowerCase() === '.tsv' ? '\t' : ',';
  const delimiter = words.options.delimiter ?? fallback;
  if (delimiter.length !== 1) {
    throw new UsageError(
      `Cannot use ${JSON.stringify(delimiter)} as delimiter: it must be one character`,
    );
  }
  return delimiter;
}
