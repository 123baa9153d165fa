/**
 * The repair of a database where it is: what is intact takes the place of what was damaged.
 *
 * A salvage writes a new database beside the damaged one, durably; then two renames put it in its place. Between the two
 * nothing is at the path, and calling again finishes the work. The damaged database is kept, under another name: a person
 * decides when it can go.
 */
import { StorageError } from '@varve/base';
import { type FileSystem, NodeFileSystem } from '@varve/vfs';
import { open } from './database.js';
import type { SalvageReport } from './salvage/index.js';
import { salvage } from './salvage.js';
import { verify } from './verify.js';

/** Options of `repair`. */
export interface RepairOptions {
  /** @defaultValue the file system of Node.js */
  readonly fileSystem?: FileSystem;
}

/** What a repair did. */
export interface RepairReport {
  /** `'intact'`: nothing was damaged, nothing was changed but that logs were replayed. `'repaired'`: it was replaced. */
  readonly outcome: 'intact' | 'repaired';
  /** Where the damaged database is now; null if there is none. */
  readonly damagedPath: string | null;
  /** What was saved and lost; null when nothing was damaged, or when a repair that was cut short was finished. */
  readonly salvage: SalvageReport | null;
}

/**
 * Checks a database that nobody has open and, if anything is damaged, replaces it by everything in it that is intact. The
 * damaged one stays beside it, as `path` with `.damaged`. Reads everything once, or three times; needs as much room again.
 *
 * @throws StorageError NOT_FOUND; LOCKED while it is open; ALREADY_EXISTS when a damaged one of before is still there; IO,
 * NO_SPACE
 */
export async function repair(given: string, options: RepairOptions = {}): Promise<RepairReport> {
  const fileSystem = options.fileSystem ?? new NodeFileSystem();
  const path = withoutSlash(given);
  const [damagedPath, savedPath] = [`${path}.damaged`, `${path}.salvaged`];
  const exists = (place: string): boolean => fileSystem.existsSync(place);
  if (!exists(path) && exists(damagedPath) && exists(savedPath)) {
    putInPlace(fileSystem, savedPath, path);
    return { outcome: 'repaired', damagedPath, salvage: null };
  }
  if (await isIntact(fileSystem, path)) {
    return { outcome: 'intact', damagedPath: null, salvage: null };
  }
  if (exists(damagedPath)) {
    throw new StorageError(
      'ALREADY_EXISTS',
      `Cannot repair ${path}: ${damagedPath} is there already; move it away`,
      { file: damagedPath },
    );
  }
  const report = await salvage(path, savedPath, { fileSystem, unassigned: 'default' });
  putInPlace(fileSystem, path, damagedPath);
  putInPlace(fileSystem, savedPath, path);
  return { outcome: 'repaired', damagedPath, salvage: report };
}

/** Whether nothing is damaged; opening it then replays its logs. */
async function isIntact(fileSystem: FileSystem, path: string): Promise<boolean> {
  const { damage } = await verify(path, { fileSystem });
  if (damage.length > 0) return false;
  const options = { fileSystem, keyEncoding: 'binary', valueEncoding: 'binary' } as const;
  const database = await open(path, { ...options, createIfMissing: false });
  await database.close();
  return true;
}

function putInPlace(fileSystem: FileSystem, from: string, to: string): void {
  fileSystem.renameSync(from, to);
  fileSystem.syncDirectorySync(parentOf(to));
}

function parentOf(path: string): string {
  const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  if (cut < 0) return '.';
  return cut === 0 ? '/' : path.slice(0, cut);
}

/** The new names are made of this one. */
function withoutSlash(path: string): string {
  return path.length > 1 && /[/\\]$/.test(path) ? withoutSlash(path.slice(0, -1)) : path;
}
