// Input bytes as text: strict UTF-8, a byte order mark at the start dropped, lines split without copying twice.

import { NotSoError } from '../failures.js';

/** A longer line is refused instead of filling the memory. In UTF-16 units. */
export const LINE_LENGTH_MAX = 256 * 1024 * 1024;

/** Decodes chunk by chunk; characters may be split between chunks. Throws NotSoError on bytes that are no UTF-8. */
export async function* decodeText(
  chunks: AsyncIterable<Uint8Array>,
  inputName: string,
): AsyncIterable<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lineCount = 0;
  const decode = (chunk: Uint8Array | undefined) => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw new NotSoError(
        `Cannot read ${inputName}: after line ${lineCount + 1} it holds bytes that are not valid UTF-8`,
        { advice: 'Convert it to UTF-8 first, for example with `iconv -t utf-8`.' },
      );
    }
  };
  for await (const chunk of chunks) {
    const text = decode(chunk);
    lineCount += countLineEnds(text);
    yield text;
  }
  yield decode(undefined);
}

/** Splits text at `\n`, giving all lines that end in one chunk together. The last line needs no line end. */
export async function* splitLines(
  texts: AsyncIterable<string>,
  inputName: string,
): AsyncIterable<readonly string[]> {
  // The pieces of a line longer than a chunk; joined once, so that a long line costs its length only.
  let pieces: string[] = [];
  let pieceLength = 0;
  for await (const text of texts) {
    const lines = text.split('\n');
    const last = lines.pop() ?? '';
    if (lines.length > 0) {
      lines[0] = pieces.join('') + lines[0];
      pieces = [];
      pieceLength = 0;
      yield lines;
    }
    pieces.push(last);
    pieceLength += last.length;
    if (pieceLength > LINE_LENGTH_MAX) {
      throw new NotSoError(
        `Cannot read ${inputName}: a line is longer than ${LINE_LENGTH_MAX} characters`,
      );
    }
  }
  const rest = pieces.join('');
  if (rest !== '') {
    yield [rest];
  }
}

function countLineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    count += 1;
  }
  return count;
}
