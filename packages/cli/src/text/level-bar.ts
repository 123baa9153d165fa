// One level of the tree as a bar: its length is the level's bytes, its segments are its files.
//
//   ██████▊██▊█▊       three files: each ends in a narrower block, so that the border shows
//   ▓▓▓▓▓▓▓▓▓▓▓▓       more files than can be told apart
//   (nothing)          an empty level

const BLOCK = '█';
const LAST_BLOCK = '▊';
const MANY_BLOCK = '▓';
/** With fewer columns than this per file, borders would be all there is to see. */
const COLUMNS_PER_FILE = 2;

/**
 * Draws the bar of a level with files of these sizes. `widthColumns` is the width of a level of `largestSizeBytes`.
 * Segments are in proportion to the files, but none is shorter than one column.
 */
export function levelBar(
  fileSizesBytes: readonly number[],
  options: { largestSizeBytes: number; widthColumns: number },
): string {
  const fileCount = fileSizesBytes.length;
  if (fileCount === 0) {
    return '';
  }
  const sizeBytes = fileSizesBytes.reduce((sum, size) => sum + size, 0);
  const share = sizeBytes / Math.max(1, options.largestSizeBytes);
  const columns = Math.max(1, Math.round(share * options.widthColumns));
  if (fileCount > 1 && fileCount * COLUMNS_PER_FILE > columns) {
    return MANY_BLOCK.repeat(columns);
  }
  let bar = '';
  let endBytes = 0;
  for (const [fileIndex, fileSizeBytes] of fileSizesBytes.entries()) {
    endBytes += fileSizeBytes;
    const endColumn = Math.round((endBytes / Math.max(1, sizeBytes)) * columns);
    // The files that follow need a column each, and this one too.
    const lastColumn = columns - (fileCount - 1 - fileIndex);
    const end = Math.min(lastColumn, Math.max(bar.length + 1, endColumn));
    bar += BLOCK.repeat(end - bar.length - 1) + LAST_BLOCK;
  }
  return bar;
}
