/**
 * The rooms of the engine, opened one by one.
 *
 * The inner folders of the engine are no exports of its package and must not become any for the sake of a measurement:
 * what a package exports is what it promises. So this module alone reaches into built files by path, and everything else
 * in this folder asks it.
 *
 * The tree whose packages are opened need not be this one: `VARVE_TREE` names the root of another, which is how the same
 * benchmark measures two revisions. A room is opened when a benchmark asks for it, so that a room which one of the
 * revisions does not have costs only the benchmarks of that room.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type * as base from '../../../packages/base/src/index.js';
import type * as bloom from '../../../packages/bloom/src/index.js';
import type * as encoding from '../../../packages/engine/src/encoding/index.js';
import type * as iterators from '../../../packages/engine/src/iterators/index.js';
import type * as log from '../../../packages/engine/src/log/index.js';
import type * as recordWriter from '../../../packages/engine/src/log/record-writer.js';
import type * as memtable from '../../../packages/engine/src/memtable/index.js';
import type * as tables from '../../../packages/engine/src/tables/index.js';
import type * as wal from '../../../packages/engine/src/wal/index.js';
import type * as entryEncoder from '../../../packages/engine/src/write/entry-encoder.js';
import type * as write from '../../../packages/engine/src/write/index.js';
import type * as compression from '../../../packages/sstable/src/block/compression.js';
import type * as dataBlockWriter from '../../../packages/sstable/src/data-block/writer.js';
import type * as sstable from '../../../packages/sstable/src/index.js';
import type * as vfs from '../../../packages/vfs/src/index.js';

export type { EntryCursor } from '../../../packages/base/src/index.js';
export type { BloomReader } from '../../../packages/bloom/src/index.js';
export type { EncodingName, EncodingValues } from '../../../packages/engine/src/encoding/index.js';
export type { Memtable } from '../../../packages/engine/src/memtable/index.js';
export type { BlockCache, TableHandle } from '../../../packages/engine/src/tables/index.js';
export type { WalWriter } from '../../../packages/engine/src/wal/index.js';
export type { CommitQueue, EntryFormat } from '../../../packages/engine/src/write/index.js';
export type {
  BlockCodec,
  TableReader,
  TableWriter,
  TableWriterOptions,
} from '../../../packages/sstable/src/index.js';
export type { FileSystem, RandomAccessFile } from '../../../packages/vfs/src/index.js';

/** The environment variable with the root of the tree to measure. Default: the tree this file is in. */
export const TREE_VARIABLE = 'VARVE_TREE';

const HERE = join(import.meta.dirname, '../../..');
/** Under vitest this file is TypeScript, and so is what it opens: no build is needed, and none can be stale. */
const IS_SOURCE = import.meta.filename.endsWith('.ts');

/** Opens one room each; the types are those of the tree this file was compiled in. */
export const rooms = {
  base: () => open<typeof base>('base', 'index'),
  bloom: () => open<typeof bloom>('bloom', 'index'),
  compression: () => open<typeof compression>('sstable', 'block/compression'),
  dataBlockWriter: () => open<typeof dataBlockWriter>('sstable', 'data-block/writer'),
  encoding: () => open<typeof encoding>('engine', 'encoding/index'),
  entryEncoder: () => open<typeof entryEncoder>('engine', 'write/entry-encoder'),
  iterators: () => open<typeof iterators>('engine', 'iterators/index'),
  log: () => open<typeof log>('engine', 'log/index'),
  memtable: () => open<typeof memtable>('engine', 'memtable/index'),
  recordWriter: () => open<typeof recordWriter>('engine', 'log/record-writer'),
  sstable: () => open<typeof sstable>('sstable', 'index'),
  tables: () => open<typeof tables>('engine', 'tables/index'),
  vfs: () => open<typeof vfs>('vfs', 'index'),
  wal: () => open<typeof wal>('engine', 'wal/index'),
  write: () => open<typeof write>('engine', 'write/index'),
};

/** The real path matters: reached through a link, a module would be loaded a second time beside the engine's own. */
async function open<Room>(packageName: string, moduleName: string): Promise<Room> {
  const root = realpathSync(process.env[TREE_VARIABLE] ?? HERE);
  const [folder, extension] = IS_SOURCE ? ['src', 'ts'] : ['dist', 'js'];
  const path = join(root, 'packages', packageName, folder, `${moduleName}.${extension}`);
  return import(pathToFileURL(path).href);
}
