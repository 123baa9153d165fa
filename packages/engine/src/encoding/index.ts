// The typed edge of the engine: values of the user's types to bytes and back.

export type { CustomEncoding, Encoding } from './encoding.js';
export { allocateBuffer } from './native-bytes.js';
export {
  checkedPair,
  type EncodingName,
  type EncodingOption,
  type EncodingValues,
  encodings,
  resolveEncoding,
  resolveEncodings,
  type ValueOf,
} from './resolve-encoding.js';
export type { Tuple } from './tuple-encoding.js';
export type { TupleElement } from './tuple-reader.js';
