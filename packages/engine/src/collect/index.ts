/** The removal of files that no view and no version needs. */
export { ObsoleteFiles, type ObsoleteFilesOptions, type RetiredLog } from './obsolete-files.js';
export {
  type RemoveFilesJob,
  type RemoveFilesResult,
  runRemoveFilesJob,
} from './remove-files-job.js';
