/** The read path: point reads, scans and cursors over a view. */
export { approximateSize } from './approximate-size.js';
export { Cursor, type CursorOptions } from './cursor.js';
export { newerKeys, textOfKey } from './newer-keys.js';
export { LATEST, PointReader, type ReadFormat } from './point-reader.js';
export { type BoundsOptions, encodeKey, encodeRange, type RangeOptions } from './range.js';
export { RangeCursor, type RangeHost } from './range-cursor.js';
export { makeScan, type Scan } from './scan.js';
export type { ReadCountOptions, ScanReader } from './scan-reader.js';
export type { ReadSnapshot } from './snapshot.js';
export { takeEntry, takeKey, takeValue } from './take.js';
