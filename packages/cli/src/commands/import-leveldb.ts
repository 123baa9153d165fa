// varve import --from leveldb: everything in a LevelDB, copied as bytes, then compared entry by entry.
//
// The copy is compared after the store was closed and opened again, so with what is on the disk. Running it again is
// harmless: equal keys get equal values.

import { resolve } from 'node:path';
import { ExitCode, InterruptedError, UsageError } from '../failures.js';
import type { ByteEntry } from '../leveldb/classic-level.js';
import { type Comparison, compareEntries } from '../leveldb/compare-entries.js';
import { LevelDbSource } from '../leveldb/leveldb-source.js';
import { ImportBatches } from '../store/import-batches.js';
import { openKeyspace } from '../store/open-store.js';
import { Progress } from '../terminal/progress.js';
import { clip } from '../text/byte-text.js';
import { formatBytes, formatDuration, formatQuantity, formatRate } from '../text/numbers.js';
import type { EncodingOptions, JsonOptions, KeyspaceOptions } from './options.js';
import type { Session } from './session.js';

/** The words of the command. */
export interface LevelDbImportWords {
  /** Directory of the LevelDB. */
  readonly source: string;
  /** Directory of the store. */
  readonly directory: string;
  readonly options: KeyspaceOptions & EncodingOptions & JsonOptions;
}

interface Result {
  readonly entryCount: number;
  readonly comparison: Comparison;
  readonly sourceBytes: number;
  /** Tables alone: logs keep their space until the store is opened the next time. */
  readonly tableBytes: number;
  readonly copyMs: number;
  readonly verifyMs: number;
}

const AS_BYTES = { keyEncoding: 'hex', valueEncoding: 'hex' } as const;

/** How far the copy has come is asked of LevelDB once in so many runs. */
const RUNS_PER_ESTIMATE = 50;

/** Copies and compares. The exit code is 1 when an entry is missing or different. */
export async function importLevelDb(session: Session, words: LevelDbImportWords): Promise<void> {
  if (resolve(words.source) === resolve(words.directory)) {
    throw new UsageError('Cannot copy a LevelDB into its own directory: name another one');
  }
  assertBytes(words.options);
  await using source = await LevelDbSource.open(words.source, process.cwd());
  const copied = await copy(session, words, source);
  const verified = await compare(session, { words, source, entryCount: copied.entryCount });
  const result = {
    ...copied,
    ...verified,
    sourceBytes: source.sizeBytes,
  };
  if (!isVerified(result)) {
    session.exitCode = ExitCode.notSo;
  }
  await report(session, words, result);
}

/** What a new keyspace calls its entries must be a form of any bytes: they are not looked at. */
function assertBytes({ keyEncoding, valueEncoding }: EncodingOptions): void {
  for (const encoding of [keyEncoding, valueEncoding]) {
    if (encoding === 'msgpack' || encoding === 'tuple') {
      throw new UsageError(
        `Cannot take what a LevelDB holds for ${encoding}: use utf8, json or hex`,
      );
    }
  }
}

/** When this resolves the store is closed and everything is on the disk. */
async function copy(
  session: Session,
  words: LevelDbImportWords,
  source: LevelDbSource,
): Promise<{ entryCount: number; copyMs: number }> {
  const { keyspace: name, keyEncoding = 'hex', valueEncoding = 'hex' } = words.options;
  using progress = new Progress(session.terminal, { label: 'Copying', noun: 'entries' });
  await using keyspace = await openKeyspace(words.directory, {
    ...{ keyEncoding, valueEncoding, keyspace: name, access: 'create' },
  });
  const batches = new ImportBatches(keyspace);
  try {
    await copyRuns(session, { source, batches, progress });
    await batches.commit();
    await keyspace.compact();
  } catch (error) {
    throw keepWhatWasCopied(error, batches);
  }
  return { entryCount: batches.entryCount, copyMs: progress.finish() };
}

async function copyRuns(
  session: Session,
  copying: { source: LevelDbSource; batches: ImportBatches; progress: Progress },
): Promise<void> {
  const { batches, progress, source } = copying;
  const totalBytes = source.sizeBytes;
  let doneBytes = 0;
  let runCount = 0;
  for await (const run of source.runs()) {
    for (const [key, value] of run) {
      batches.add({ key, value, sizeBytes: key.length + value.length });
    }
    await batches.commit();
    if (runCount++ % RUNS_PER_ESTIMATE === 0) {
      const share = await source.shareBefore(run[run.length - 1][0]);
      if (share !== undefined) {
        progress.expect(totalBytes);
        doneBytes = Math.max(doneBytes, share * totalBytes);
      }
    }
    progress.update(doneBytes, batches.entryCount);
    session.terminal.throwIfInterrupted();
  }
}

/** After Ctrl-C says how much is stored. */
function keepWhatWasCopied(error: unknown, batches: ImportBatches): unknown {
  if (!(error instanceof InterruptedError)) {
    return error;
  }
  const stored = formatQuantity(batches.entryCount, 'entry');
  return new InterruptedError(`Interrupted: ${stored} copied; nothing was verified`);
}

async function compare(
  session: Session,
  comparing: { words: LevelDbImportWords; source: LevelDbSource; entryCount: number },
): Promise<Pick<Result, 'comparison' | 'tableBytes' | 'verifyMs'>> {
  const { entryCount, source, words } = comparing;
  using progress = new Progress(session.terminal, {
    label: 'Verifying',
    noun: 'entries',
    total: entryCount,
  });
  await using keyspace = await openKeyspace(words.directory, {
    ...AS_BYTES,
    keyspace: words.options.keyspace,
    access: 'read',
  });
  const copies = keyspace.entries({}) as AsyncIterable<ByteEntry>;
  const comparison = await compareEntries(source.runs(), copies, (count) => {
    progress.update(count);
    session.terminal.throwIfInterrupted();
  });
  return { comparison, tableBytes: keyspace.tableSizeBytes, verifyMs: progress.finish() };
}

function isVerified({ comparison, entryCount }: Result): boolean {
  return comparison.sameCount === entryCount && wrongCountOf(comparison) === 0;
}

function wrongCountOf({ differentCount, missingCount }: Comparison): number {
  return differentCount + missingCount;
}

async function report(session: Session, words: LevelDbImportWords, result: Result): Promise<void> {
  const { source, directory, options } = words;
  const { comparison, copyMs, entryCount, sourceBytes, tableBytes, verifyMs } = result;
  if (options.json) {
    const { firstWrongKey, ...counts } = comparison;
    const summary = {
      ...{ source, directory, keyspace: options.keyspace, isVerified: isVerified(result) },
      ...{ entryCount, ...counts, sourceBytes, tableBytes, copyMs, verifyMs },
      ...(firstWrongKey === undefined ? {} : { firstWrongKeyHex: hexOf(firstWrongKey) }),
    };
    session.terminal.output.writeLine(JSON.stringify(summary));
    return;
  }
  const { noticePalette: palette } = session.terminal;
  for (const line of linesOf(words, result)) {
    await session.terminal.notice(line);
  }
  await session.terminal.notice(
    isVerified(result)
      ? palette.good(`✓ Every entry is in ${directory} as it is in ${source}`)
      : palette.bad(
          `✗ ${formatQuantity(wrongCountOf(comparison), 'entry')} missing or different in ${directory}. The LevelDB is as it was.`,
        ),
  );
}

function linesOf(words: LevelDbImportWords, result: Result): string[] {
  const { comparison, copyMs, entryCount, sourceBytes, tableBytes, verifyMs } = result;
  const speedOf = (elapsedMs: number) =>
    `${formatDuration(elapsedMs)}: ${formatRate(entryCount, elapsedMs)}`;
  const lines = [
    `Copied ${formatQuantity(entryCount, 'entry')} in ${speedOf(copyMs)}; ${formatBytes(sourceBytes)} there, ${formatBytes(tableBytes)} in tables here`,
    `Compared ${formatQuantity(entryCount, 'entry')} in ${speedOf(verifyMs)}`,
  ];
  if (comparison.firstWrongKey !== undefined) {
    lines.push(`First key missing or different, in hex: ${clip(hexOf(comparison.firstWrongKey))}`);
  }
  if (comparison.extraCount > 0) {
    const extra = formatQuantity(comparison.extraCount, 'entry');
    lines.push(`${words.directory} also holds ${extra} that the LevelDB does not have`);
  }
  return lines;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
