/** The public surface of the Keyv storage. */
export { KeyvVarve, type StoredEntry } from './keyv-varve.js';
export type { KeyvVarveOptions } from './options.js';
