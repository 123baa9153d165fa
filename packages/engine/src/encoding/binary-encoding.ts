// 'binary': bytes as they are. Whatever is returned is a copy, so that a caller never holds the
// engine's memory.

import { copyBytes } from '@varve/base';
import { type Encoding, refusedType } from './encoding.js';
import { copyOut, isBytes, lengthOf, viewOf } from './native-bytes.js';

/** The encoding `'binary'`; it holds no state. */
export const binaryEncoding: Encoding<Uint8Array> = {
  name: 'binary',
  sizeBound(value) {
    if (!isBytes(value)) throw refusedType('binary', 'a Uint8Array with its memory', value);
    return lengthOf(value);
  },
  write(value, target, offset) {
    const length = lengthOf(value);
    copyBytes(value, 0, length, target, offset);
    return offset + length;
  },
  read: copyOut,
  readOwned: viewOf,
};
