// One level of the tree as a bar: its length is the level's bytes, its segments are its files.
//
//   ███▊███▊███▊       three files: each ends in a narrower block, so that the border shows
//   ▓▓▓▓▓▓▓▓▓▓▓▓       more files than can be told apart
//   (nothing)          an empty level

const BLOCK = '█';
const LAST_BLOCK = '▊';
const MANY_BLOCK = '▓';
/** With fewer columns than this per file, borders would be all there is to see. */
const COLUMNS_PER_FILE = 2;

/** What is drawn of a level. */
export interface LevelSize {
  readonly fileCount: number;
  readonly sizeBytes: number;
}

/**
 * Draws the bar of a level. `widthColumns` is the width of a level of `largestSizeBytes`. Segments are equally long: the
 * files of a level are about equally large.
 */
export function levelBar(
  level: LevelSize,
  options: { largestSizeBytes: number; widthColumns: number },
): string {
  const { fileCount, sizeBytes } = level;
  if (fileCount === 0) {
    return '';
  }
  const share = sizeBytes / Math.max(1, options.largestSizeBytes);
  const columns = Math.max(1, Math.round(share * options.widthColumns));
  if (fileCount > 1 && fileCount * COLUMNS_PER_FILE > columns) {
    return MANY_BLOCK.repeat(columns);
  }
  let bar = '';
  for (let fileIndex = 1; fileIndex <= fileCount; fileIndex += 1) {
    const end = Math.round((fileIndex * columns) / fileCount);
    bar += BLOCK.repeat(end - bar.length - 1) + LAST_BLOCK;
  }
  return bar;
}
