/**
 * The repair of a database where it is: what is intact takes the place of what was damaged.
 *
 * A salvage writes a new database beside the damaged one, durably; then two renames put it in its place. Between the two
 * nothing is at the path, and calling again finishes the work. The damaged database is kept, under another name: a person
 * decides when it can go.
 */
import { isStorageError, StorageError } from '@varve/base';
import { type FileSystem, NodeFileSystem } from '@varve/vfs';
import { open } from './database.js';
import { DatabaseDirectory } from './directory/index.js';
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
 * Nothing is replaced because of what is no damage: what a later version wrote, or a file that cannot be read now.
 *
 * @throws StorageError NOT_FOUND; LOCKED while it is open; ALREADY_EXISTS when a damaged one of before is still there;
 * UNSUPPORTED_FORMAT; IO, also of a disk that does not give a file back, of which `salvage()` saves the rest; TOO_MANY_FILES, NO_SPACE
 */
export async function repair(given: string, options: RepairOptions = {}): Promise<RepairReport> {
  const fileSystem = options.fileSystem ?? new NodeFileSystem();
  const path = withoutSlash(given);
  const [damagedPath, savedPath] = [`${path}.damaged`, `${path}.salvaged`];
  const exists = (place: string): boolean => fileSystem.existsSync(place);
  if (!exists(path) && exists(damagedPath) && exists(savedPath)) {
    putSavedInPlace(fileSystem, savedPath, path);
    return { outcome: 'repaired', damagedPath, salvage: null };
  }
  // Held until the damaged one is away: a database that somebody opened meanwhile would be exchanged below him.
  const directory = DatabaseDirectory.openSync(fileSystem, path, {
    ...{ access: 'readWrite', createIfMissing: false, owner: 'varve repair' },
  });
  try {
    if (await isDamaged(fileSystem, path)) {
      assertFree(fileSystem, path, damagedPath);
      const report = await salvage(path, savedPath, { fileSystem, unassigned: 'default' });
      putInPlace(fileSystem, path, damagedPath);
      putSavedInPlace(fileSystem, savedPath, path);
      return { outcome: 'repaired', damagedPath, salvage: report };
    }
  } finally {
    directory.close();
  }
  await replayLogs(fileSystem, path);
  return { outcome: 'intact', damagedPath: null, salvage: null };
}

/** @throws StorageError what keeps anybody from knowing */
async function isDamaged(fileSystem: FileSystem, path: string): Promise<boolean> {
  const { damage } = await verify(path, { fileSystem });
  const obstacle = damage.find(({ code }) => code !== 'CORRUPTION');
  if (obstacle !== undefined) throw obstacle;
  return damage.length > 0;
}

function assertFree(fileSystem: FileSystem, path: string, damagedPath: string): void {
  if (!fileSystem.existsSync(damagedPath)) return;
  const advice = `${damagedPath} is there already; move it away`;
  throw new StorageError('ALREADY_EXISTS', `Cannot repair ${path}: ${advice}`, {
    file: damagedPath,
  });
}

async function replayLogs(fileSystem: FileSystem, path: string): Promise<void> {
  const options = { fileSystem, keyEncoding: 'binary', valueEncoding: 'binary' } as const;
  const database = await open(path, { ...options, createIfMissing: false });
  await database.close();
}

function putInPlace(fileSystem: FileSystem, from: string, to: string): void {
  fileSystem.renameSync(from, to);
  fileSystem.syncDirectorySync(parentOf(to));
}

/** For a moment there was nothing at the path, and no lock: whoever opens it then makes a new database there. */
function putSavedInPlace(fileSystem: FileSystem, savedPath: string, path: string): void {
  try {
    putInPlace(fileSystem, savedPath, path);
  } catch (cause) {
    if (!isStorageError(cause) || cause.code !== 'ALREADY_EXISTS') throw cause;
    const advice = `something was made at ${path} meanwhile; move that away and repair again`;
    throw new StorageError('ALREADY_EXISTS', `Cannot put ${savedPath} in place: ${advice}`, {
      ...{ cause, file: path },
    });
  }
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
