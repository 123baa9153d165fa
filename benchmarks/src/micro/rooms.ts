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

/** The environment variable with the root of the tree to measure. Default: the tree this file is in. */
export const TREE_VARIABLE = 'VARVE_TREE';

const HERE = join(import.meta.dirname, '../../..');
/** Under vitest this file is TypeScript, and so is what it opens: no build is needed, and none can be stale. */
const IS_SOURCE = import.meta.filename.endsWith('.ts');

/** Opens one room each; the types are those of the tree this file was compiled in. */
export const rooms = {
  base: () => open<typeof import('../../../packages/base/dist/index.js')>('base', 'index'),
  vfs: () => open<typeof import('../../../packages/vfs/dist/index.js')>('vfs', 'index'),
  bloom: () => open<typeof import('../../../packages/bloom/dist/index.js')>('bloom', 'index'),
  sstable: () => open<typeof import('../../../packages/sstable/dist/index.js')>('sstable', 'index'),
  dataBlockWriter: () =>
    open<typeof import('../../../packages/sstable/dist/data-block/writer.js')>(
      'sstable',
      'data-block/writer',
    ),
  compression: () =>
    open<typeof import('../../../packages/sstable/dist/block/compression.js')>(
      'sstable',
      'block/compression',
    ),
  encoding: () =>
    open<typeof import('../../../packages/engine/dist/encoding/index.js')>(
      'engine',
      'encoding/index',
    ),
  iterators: () =>
    open<typeof import('../../../packages/engine/dist/iterators/index.js')>(
      'engine',
      'iterators/index',
    ),
  log: () =>
    open<typeof import('../../../packages/engine/dist/log/index.js')>('engine', 'log/index'),
  memtable: () =>
    open<typeof import('../../../packages/engine/dist/memtable/index.js')>(
      'engine',
      'memtable/index',
    ),
  recordWriter: () =>
    open<typeof import('../../../packages/engine/dist/log/record-writer.js')>(
      'engine',
      'log/record-writer',
    ),
  tables: () =>
    open<typeof import('../../../packages/engine/dist/tables/index.js')>('engine', 'tables/index'),
  wal: () =>
    open<typeof import('../../../packages/engine/dist/wal/index.js')>('engine', 'wal/index'),
  entryEncoder: () =>
    open<typeof import('../../../packages/engine/dist/write/entry-encoder.js')>(
      'engine',
      'write/entry-encoder',
    ),
  write: () =>
    open<typeof import('../../../packages/engine/dist/write/index.js')>('engine', 'write/index'),
};

/** The real path matters: reached through a link, a module would be loaded a second time beside the engine's own. */
async function open<Room>(packageName: string, moduleName: string): Promise<Room> {
  const root = realpathSync(process.env[TREE_VARIABLE] ?? HERE);
  const [folder, extension] = IS_SOURCE ? ['src', 'ts'] : ['dist', 'js'];
  const path = join(root, 'packages', packageName, folder, `${moduleName}.${extension}`);
  return import(pathToFileURL(path).href);
}
