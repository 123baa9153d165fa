// One level of the tree as a bar: its length is the level's bytes, its segments are the level's files.
//
//   ███▊███▊██▊        three files: each ends in a narrower block, so that the border shows
//   ▓▓▓▓▓▓▓▓▓▓▓        more files than can be told apart
//   (nothing)          an empty level

const BLOCK = '█';
const LAST_BLOCK = '▊';
const MANY_BLOCK = '▓';
/** Fewer columns than this per file and borders would be all there is to see. */
const COLUMNS_PER_FILE = 2;

/** Draws the bar of a level. `widthColumns` is the width of a level of `largestSizeBytes`. */
export function levelBar(
  fileSizesBytes: readonly number[],
  options: { largestSizeBytes: number; widthColumns: number },
): string {
  const sizeBytes = fileSizesBytes.reduce((sum, size) => sum + size, 0);
  if (sizeBytes === 0) {
    return '';
  }
  const share = sizeBytes / options.largestSizeBytes;
  const columns = Math.max(1, Math.round(share * options.widthColumns));
  if (fileSizesBytes.length * COLUMNS_PER_FILE > columns) {
    return fileSizesBytes.length === 1 ? LAST_BLOCK : MANY_BLOCK.repeat(columns);
  }
  return segments(fileSizesBytes, columns / sizeBytes);
}

function segments(fileSizesBytes: readonly number[], columnsPerByte: number): string {
  let bar = '';
  let bytesBefore = 0;
  for (const size of fileSizesBytes) {
    bytesBefore += size;
    const end = Math.max(Math.round(bytesBefore * columnsPerByte), bar.length + 1);
    bar += BLOCK.repeat(end - bar.length - 1) + LAST_BLOCK;
  }
  return bar;
}
