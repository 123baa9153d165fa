// 'utf8': strings. Keys order by code point, which is how their bytes compare.
//
// This differs from `<` on strings, which compares UTF-16 units, only between characters above
// U+FFFF and those from U+E000 on. A surrogate without its other half becomes U+FFFD, as
// TextEncoder does it.

import { type Encoding, refusedType, undecodable } from './encoding.js';
import { readUtf8, utf8SizeBound, writeUtf8 } from './native-bytes.js';

/** The encoding `'utf8'`; it holds no state. */
export const utf8Encoding: Encoding<string> = {
  name: 'utf8',
  sizeBound(value) {
    if (typeof value !== 'string') throw refusedType('utf8', 'a string', value);
    return utf8SizeBound(value);
  },
  write: writeUtf8,
  read(bytes, start, end) {
    const text = readUtf8(bytes, start, end);
    if (text === undefined) {
      throw undecodable('utf8', `the ${end - start} bytes are not valid UTF-8`);
    }
    return text;
  },
};
