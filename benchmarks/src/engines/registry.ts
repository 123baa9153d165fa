/**
 * The engines by name. Each is imported only when it is asked for, so one that is not installed costs nothing and is
 * reported by what its import or its opening says.
 */
import type { ExternalEngine } from '../run/raw-figures.js';
import type { Engine } from './engine.js';

/** Files beside this one; each exports `engine`, or `externalEngine` if it brings a program of its own. */
const FILES: Readonly<Record<string, string>> = {
  'varve-sync': './varve-sync.js',
  'varve-async': './varve-async.js',
  'varve-level': './varve-level.js',
  db_bench: './db-bench.js',
  'classic-level': './classic-level.js',
  lmdb: './lmdb.js',
  'rocksdb-node': './rocksdb-node.js',
  'better-sqlite3': './better-sqlite3.js',
  'memory-level': './memory-level.js',
  'classic-level-sync': './classic-level-sync.js',
  'lmdb-sync': './lmdb-sync.js',
  'rocksdb-node-sync': './rocksdb-node-sync.js',
};

/** Every name, in the order of tables. */
export const ENGINE_NAMES: readonly string[] = Object.keys(FILES);

/** What runs unless `--engines` says: each engine once, and Varve by both its APIs. */
export const DEFAULT_ENGINE_NAMES: readonly string[] = [
  'varve-sync',
  'varve-async',
  'db_bench',
  'classic-level',
  'lmdb',
  'rocksdb-node',
  'better-sqlite3',
  'memory-level',
];

/** An engine that this process drives, or one that drives itself. */
export type LoadedEngine =
  | { readonly kind: 'adapter'; readonly engine: Engine }
  | { readonly kind: 'external'; readonly engine: ExternalEngine };

/** Imports an engine. Rejects when it is not installed. Requires: a name out of `ENGINE_NAMES`. */
export async function loadEngine(name: string): Promise<LoadedEngine> {
  const exported: { engine?: Engine; externalEngine?: ExternalEngine } = await import(FILES[name]);
  const { engine, externalEngine } = exported;
  if (engine !== undefined) return { kind: 'adapter', engine };
  if (externalEngine !== undefined) return { kind: 'external', engine: externalEngine };
  throw new Error(`${FILES[name]} exports neither engine nor externalEngine`);
}
