/** The public surface of the unstorage driver. */
export type { WatchListener } from './item-store.js';
export {
  type DriverItem,
  type DriverOptions,
  type VarveDriver,
  varveDriver,
  varveDriver as default,
} from './varve-driver.js';
