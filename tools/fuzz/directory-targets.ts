// A whole database with one changed file: opened, read, verified, dumped and salvaged.

import { isStorageError, type Random } from '../../packages/base/src/index.js';
import { parseFileName } from '../../packages/engine/src/directory/file-names.js';
import { dump, open, salvage, verify } from '../../packages/engine/src/index.js';
import { LogKind } from '../../packages/engine/src/log/log-file-header.js';
import {
  DIRECTORY,
  databaseFiles,
  fileSystemOf,
  filesIn,
  SMALL_OPTIONS,
} from './database-image.js';
import { logBytes, logParts, mutatedLog } from './log-forge.js';
import { manifestParts, mutatedManifest } from './manifest-targets.js';
import { mutated, oneIn, pick } from './mutate.js';
import { mutatedTable, tableParts } from './table-forge.js';
import { type Decoder, expectThat, type FileSet, type FuzzTarget, filesOf } from './target.js';

/** Changes one file of a kind, and seals it. */
type FileChange = (random: Random) => Uint8Array;

function changeOf(files: FileSet, name: string): FileChange {
  const bytes = files.get(name)!;
  const named = parseFileName(name);
  if (named?.kind === 'table') {
    const parts = tableParts(bytes);
    return (random) => mutatedTable(random, parts);
  }
  if (named?.kind === 'manifest') {
    const parts = manifestParts(files, name);
    return (random) => mutatedManifest(random, parts);
  }
  if (named?.kind === 'log') {
    const parts = logParts(bytes, { kind: LogKind.wal, logId: named.fileNumber, databaseId: null });
    return (random) =>
      logBytes(mutatedLog(random, parts, (source, payload) => mutated(source, payload)));
  }
  return (random) => mutated(random, bytes);
}

async function directoryDecoder(): Promise<Decoder> {
  const files = await databaseFiles();
  const names = [...files.keys()];
  const changes = new Map(names.map((name) => [name, changeOf(files, name)]));
  return {
    mutate(random) {
      const name = pick(random, names);
      const isSealed = !oneIn(random, 5);
      const bytes = isSealed ? changes.get(name)!(random) : mutated(random, files.get(name)!);
      return { input: new Map([...files, [name, bytes]]), isSealed };
    },
    decode: (input) => useDirectory(filesOf(input)),
  };
}

/** Each use may be refused, and none may change a file. */
async function useDirectory(files: FileSet): Promise<void> {
  const fileSystem = fileSystemOf(files);
  await tolerant(() => readEverything(fileSystem));
  await tolerant(() => verify(DIRECTORY, { fileSystem }));
  for (const name of files.keys()) {
    await tolerant(async () => {
      for (const line of await dump(`${DIRECTORY}/${name}`, { fileSystem })) {
        expectThat(typeof line === 'string', 'a dump is lines');
      }
    });
  }
  await salvage(DIRECTORY, '/new', { fileSystem });
  for (const [name, bytes] of filesIn(fileSystem)) {
    expectThat(Buffer.from(bytes).equals(files.get(name)!), `${name} is as it was`);
  }
  const report = await verify('/new', { fileSystem });
  expectThat(report.damage.length === 0, 'what was salvaged is whole');
}

async function readEverything(fileSystem: ReturnType<typeof fileSystemOf>): Promise<void> {
  const db = await open(DIRECTORY, { ...SMALL_OPTIONS, fileSystem, readOnly: true });
  try {
    for (const name of ['default', 'orders']) {
      await tolerant(async () => {
        const keyspace = await db.keyspace(name);
        for await (const entry of keyspace.entries()) {
          expectThat(entry.length === 2, 'an entry is a pair');
        }
      });
    }
  } finally {
    await db.close();
  }
}

async function tolerant(use: () => Promise<unknown>): Promise<void> {
  try {
    await use();
  } catch (error) {
    if (!isStorageError(error)) throw error;
  }
}

/** Six openings of a database, of which each makes its caches and memtables. */
const BOUNDS = { allocationBytesMax: 64 * 1024 * 1024, timeMsMax: 1_000 };

/** See the head of this file. */
export const DIRECTORY_TARGETS: readonly FuzzTarget[] = [
  { name: 'directory', prepare: directoryDecoder, cost: 400, bounds: BOUNDS },
];
