// What a case of the conformance suite is given.

import type { FileSystem, RandomAccessFile } from '../file-system.js';

/** The file system under test and an empty directory in it. */
export interface CaseContext {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** The path of a name in the directory. */
  path(name: string): string;
  /** Creates a file in the directory with this content and leaves it open. */
  createFile(name: string, content?: Uint8Array): RandomAccessFile;
  /** Creates a file in the directory with this content. */
  writeFile(name: string, content?: Uint8Array): void;
  /** The content of a file in the directory. */
  readFile(name: string): Uint8Array;
}

/** One promise of the contract. */
export interface SuiteCase {
  /** A sentence about the symbol in front: `openSync() refuses a directory`. */
  readonly name: string;
  readonly run: (context: CaseContext) => void | Promise<void>;
}

/** The bytes 0, 1, 2 and so on, `length` of them: every byte tells where it belongs. */
export function countingBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251);
}

/** Builds the context of one case. */
export function createCaseContext(fileSystem: FileSystem, directory: string): CaseContext {
  const path = (name: string): string => `${directory}/${name}`;
  const createFile = (name: string, content: Uint8Array = new Uint8Array(0)): RandomAccessFile => {
    const file = fileSystem.openSync(path(name), 'create');
    file.writeSync(content, 0, content.length, 0);
    return file;
  };
  return {
    fileSystem,
    directory,
    path,
    createFile,
    writeFile: (name, content) => createFile(name, content).closeSync(),
    readFile(name) {
      const file = fileSystem.openSync(path(name), 'read');
      const bytes = new Uint8Array(file.sizeSync());
      file.readSync(bytes, 0, bytes.length, 0);
      file.closeSync();
      return bytes;
    },
  };
}
