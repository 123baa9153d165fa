// The file-system contract, its implementations on disk and in memory, and two wrappers for tests.

export { type Closable, quietly, usingFile, usingFileSync } from './closing.js';
export type { InjectedFault } from './fault-injector.js';
export type { FaultEffect, FaultRule, TransferEffect } from './fault-rules.js';
export { FaultyFileSystem, type FaultyFileSystemOptions } from './faulty-file-system.js';
export type {
  FileCall,
  FileIdentity,
  FileKind,
  FileLock,
  FileOperation,
  FileStatus,
  FileSystem,
  FileSystemCapability,
  OpenMode,
  RandomAccessFile,
  ReadableFile,
} from './file-system.js';
export { type CallHooks, FileSystemWrapper, WrappedFile } from './file-system-wrapper.js';
export { freeBytesAt } from './free-space.js';
export type { CrashModel, SingleChoice } from './memory/crash-image.js';
export type { SyncFailureModel } from './memory/file-node.js';
export {
  MemoryFileSystem,
  type MemoryFileSystemOptions,
  type OperationScheduler,
} from './memory-file-system.js';
export { NodeFileSystem } from './node-file-system.js';
export { RecordingFileSystem, type RecordingFileSystemOptions } from './recording-file-system.js';
export type { Errno } from './system-error.js';
