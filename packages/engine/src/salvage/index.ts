/** What is provably intact in a damaged database, into a new one. */
export { type SalvageDirectoryOptions, salvageDirectory } from './salvage-directory.js';
export type {
  ManifestState,
  SalvagedKeyspace,
  SalvageLoss,
  SalvageProgress,
  SalvageReport,
} from './salvage-report.js';
