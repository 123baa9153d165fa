// A file that only occupies space: removed when the disk is full, so that a memtable can still be flushed.
//
// It is filled with noise written once per MiB, since zeros would occupy nothing on file systems that compress or leave
// holes. It holds no state: it is not synced, a crash may leave it too short, and then it is made again.

import { createRandom, isStorageError } from '@varve/base';
import type { FileSystem } from '@varve/vfs';

/** Makes the file. Plain data, for `structuredClone`. */
export interface ReserveSpaceJob {
  readonly kind: 'reserveSpace';
  readonly path: string;
  readonly sizeBytes: number;
}

/** What became of it: `false` when there was no space for the file, which is then removed. */
export interface ReserveSpaceResult {
  readonly kind: 'reserveSpace';
  readonly isReserved: boolean;
}

const PIECE_SIZE_BYTES = 1024 * 1024;
const NOISE_SEED = 0x5eed;

/** Makes the file. Never throws for a failure of the file system: the reserve is good to have, not needed. */
export function runReserveSpaceJob(
  fileSystem: FileSystem,
  { path, sizeBytes }: ReserveSpaceJob,
): ReserveSpaceResult {
  try {
    writeNoise(fileSystem, path, sizeBytes);
    return { kind: 'reserveSpace', isReserved: true };
  } catch (error) {
    if (!isStorageError(error)) throw error;
    removeQuietly(fileSystem, path);
    return { kind: 'reserveSpace', isReserved: false };
  }
}

function writeNoise(fileSystem: FileSystem, path: string, sizeBytes: number): void {
  if (fileSystem.existsSync(path)) fileSystem.removeSync(path);
  const noise = new Uint8Array(Math.min(PIECE_SIZE_BYTES, sizeBytes));
  createRandom(NOISE_SEED).fill(noise);
  const file = fileSystem.openSync(path, 'create');
  try {
    for (let offset = 0; offset < sizeBytes; offset += noise.length) {
      file.writeSync(noise, 0, Math.min(noise.length, sizeBytes - offset), offset);
    }
  } finally {
    file.closeSync();
  }
}

function removeQuietly(fileSystem: FileSystem, path: string): void {
  try {
    if (fileSystem.existsSync(path)) fileSystem.removeSync(path);
  } catch (error) {
    if (!isStorageError(error)) throw error;
  }
}
