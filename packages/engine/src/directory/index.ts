// Which files exist, how their names are made and parsed, and who holds the lock.

export { publishCurrent, readCurrentSync, stageCurrent } from './current-file.js';
export { DatabaseDirectory, type DirectoryOptions } from './database-directory.js';
export {
  CURRENT_FILE_NAME,
  isFileNumber,
  LOCK_FILE_NAME,
  logFileName,
  MANIFEST_NUMBER_STEP,
  manifestFileName,
  type NumberedFile,
  type NumberedFileKind,
  numberedFileName,
  parseFileName,
  RESERVE_FILE_NAME,
  spareLogFileName,
  tableFileName,
  temporaryFileName,
} from './file-names.js';
export {
  type ReserveSpaceJob,
  type ReserveSpaceResult,
  runReserveSpaceJob,
} from './reserve-space.js';
export { parentOf, syncNamesSync } from './sync-names.js';
