/** Looking at a database from outside: verification, and dumps for people. */
export { checkTable, type TablePlace } from './check-table.js';
export { describeLog } from './describe-log.js';
export {
  type VerifyDirectoryOptions,
  type VerifyProgress,
  type VerifyReport,
  verifyDirectory,
} from './verify-directory.js';
