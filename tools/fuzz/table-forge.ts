// Takes a table file apart, changes a part, and puts it together again with every checksum right.

import {
  checksum64,
  type Random,
  readU32,
  writeU32,
  writeU64,
} from '../../packages/base/src/index.js';
import {
  placeSeed,
  storedCodec,
  storedContentLength,
  TRAILER_SIZE_BYTES,
  tableSeed,
  writeTrailer,
} from '../../packages/sstable/src/block/trailer.js';
import {
  decodeFooter,
  encodeFooter,
  FOOTER_SIZE_BYTES,
  type Footer,
  footerOffset,
} from '../../packages/sstable/src/footer.js';
import { joined, mutated, oddU32, oneIn } from './mutate.js';

/** A block without its checksum. */
export interface BlockParts {
  readonly content: Uint8Array;
  readonly codec: number;
  readonly contentLength: number;
}

/** A table taken apart. */
export interface TableParts {
  readonly footer: Footer;
  readonly blocks: readonly BlockParts[];
  /** Empty if there is none. */
  readonly filter: Uint8Array;
  readonly index: Uint8Array;
  readonly properties: Uint8Array;
}

/** Takes a valid table apart. */
export function tableParts(bytes: Uint8Array): TableParts {
  const end = footerOffset(bytes.length);
  const footer = decodeFooter(bytes.subarray(end), 0, bytes.length, 'a valid table');
  const { filterOffset, indexOffset, propertiesOffset } = footer;
  const index = bytes.slice(indexOffset, propertiesOffset - TRAILER_SIZE_BYTES);
  const blocks: BlockParts[] = [];
  let start = 0;
  for (let block = 0; block < readU32(index, 0); block++) {
    const blockEnd = readU32(index, 4 + block * 4);
    blocks.push({
      content: bytes.slice(start, blockEnd - TRAILER_SIZE_BYTES),
      codec: storedCodec(bytes, blockEnd),
      contentLength: storedContentLength(bytes, blockEnd),
    });
    start = blockEnd;
  }
  return {
    footer,
    blocks,
    filter: bytes.slice(filterOffset, Math.max(filterOffset, indexOffset - TRAILER_SIZE_BYTES)),
    index,
    properties: bytes.slice(propertiesOffset, end - TRAILER_SIZE_BYTES),
  };
}

/** The bytes of a table. Positions in index and footer follow the blocks. */
export function tableBytes({ footer, blocks, filter, index, properties }: TableParts): Uint8Array {
  const seed = tableSeed(footer.tableId);
  const stored: Uint8Array[] = [];
  const ends: number[] = [];
  let offset = 0;
  const add = (block: BlockParts): void => {
    const bytes = sealedBlock(block, placeSeed(seed, offset));
    stored.push(bytes);
    offset += bytes.length;
  };
  for (const block of blocks) {
    add(block);
    ends.push(offset);
  }
  const filterOffset = offset;
  if (filter.length > 0) add(plain(filter));
  const indexOffset = offset;
  add(plain(indexWith(index, blocks, ends)));
  const propertiesOffset = offset;
  add(plain(properties));
  const fileSizeBytes = offset + FOOTER_SIZE_BYTES;
  const places = { fileSizeBytes, filterOffset, indexOffset, propertiesOffset };
  return joined([...stored, encodeFooter({ ...footer, ...places })]);
}

/** A table with one part changed. */
export function mutatedTable(random: Random, parts: TableParts): Uint8Array {
  const kind = random.below(10);
  if (kind < 4) {
    const block = random.below(parts.blocks.length);
    const blocks = parts.blocks.with(block, mutatedBlock(random, parts.blocks[block]!));
    return tableBytes({ ...parts, blocks });
  }
  if (kind === 4) return tableBytes({ ...parts, filter: mutated(random, parts.filter) });
  if (kind < 7) return tableBytes({ ...parts, properties: mutated(random, parts.properties) });
  const index = mutated(random, parts.index);
  // An index that is changed stands as it is: positions that follow the blocks would mend it.
  if (kind < 9) return tableBytes({ ...parts, index, blocks: asOneBlock(parts) });
  return mutatedFooter(random, tableBytes(parts));
}

/** A data block with its content changed, and now and then what its trailer says. */
export function mutatedBlock(random: Random, block: BlockParts): BlockParts {
  const content = mutated(random, block.content, { length: oneIn(random, 4) ? 'any' : 'kept' });
  const codec = oneIn(random, 20) ? random.below(4) : block.codec;
  const isPlain = block.codec === 0;
  const contentLength = isPlain ? content.length : block.contentLength;
  return {
    content,
    codec,
    contentLength: oneIn(random, 20) ? oddU32(random, contentLength) : contentLength,
  };
}

/** A table with a changed footer, whose checksum is right. */
export function mutatedFooter(random: Random, bytes: Uint8Array): Uint8Array {
  const start = bytes.length - FOOTER_SIZE_BYTES;
  const footer = bytes.slice(start);
  const field = 48 + random.below(12) * 4;
  if (oneIn(random, 2)) writeU32(footer, field, oddU32(random, readU32(footer, field)));
  else footer.set(mutated(random, footer, { length: 'kept' }));
  const checksumOffset = FOOTER_SIZE_BYTES - 8;
  const seed = placeSeed(tableSeed(footer.subarray(16, 32)), start);
  writeU64(footer, checksumOffset, checksum64(footer, 0, checksumOffset, seed));
  return joined([bytes.subarray(0, start), footer]);
}

/** The bytes of a block with a right checksum. */
export function sealedBlock(
  { content, codec, contentLength }: BlockParts,
  seed: bigint,
): Uint8Array {
  const bytes = new Uint8Array(content.length + TRAILER_SIZE_BYTES);
  bytes.set(content);
  writeTrailer(bytes, 0, content.length, codec, contentLength, seed);
  return bytes;
}

function plain(content: Uint8Array): BlockParts {
  return { content, codec: 0, contentLength: content.length };
}

/** The index with the positions and lengths of these blocks, if it is about as many. */
function indexWith(index: Uint8Array, blocks: readonly BlockParts[], ends: number[]): Uint8Array {
  const count = blocks.length;
  if (index.length < 4 + count * 12 || readU32(index, 0) !== count) return index;
  const changed = index.slice();
  ends.forEach((end, block) => {
    writeU32(changed, 4 + block * 4, end);
  });
  blocks.forEach(({ contentLength }, block) => {
    writeU32(changed, 4 + (count + block) * 4, contentLength);
  });
  return changed;
}

/** All data blocks as one stretch of bytes, so that nothing in the index is made to fit them. */
function asOneBlock({ blocks, footer }: TableParts): BlockParts[] {
  const seed = tableSeed(footer.tableId);
  let offset = 0;
  const stored = blocks.map((block) => {
    const bytes = sealedBlock(block, placeSeed(seed, offset));
    offset += bytes.length;
    return bytes;
  });
  const content = joined(stored).subarray(0, offset - TRAILER_SIZE_BYTES);
  return [plain(content)];
}
