// Lines of bytes in hexadecimal with a comment behind: the form of every dump.
//
//   00002a: 03 00 00 00                                      # entry count: 3

const ROW_SIZE_BYTES = 16;
const HEX_WIDTH = ROW_SIZE_BYTES * 3 - 1;
const SHOWN_TEXT_LENGTH_MAX = 40;

/**
 * The lines of a dump of `bytes`, made one by one: a dump is many times as large as what it shows.
 * Methods that show bytes return where these end.
 */
export class HexDump {
  readonly #bytes: Uint8Array;
  readonly #offsetPrefix: string;
  #hasTitle = false;

  /** `offsetPrefix` marks offsets that are not positions in the file. */
  constructor(bytes: Uint8Array, offsetPrefix = '') {
    this.#bytes = bytes;
    this.#offsetPrefix = offsetPrefix;
  }

  /** A line of text, with an empty line before it unless it is the first title. */
  *title(text: string): Generator<string, void> {
    if (this.#hasTitle) yield '';
    this.#hasTitle = true;
    yield this.note(text);
  }

  /** A line of text. */
  note(text: string): string {
    return `# ${text}`;
  }

  /** The lines of `length` bytes, with the comment on the first. */
  *field(start: number, length: number, comment: string): Generator<string, number> {
    const end = start + length;
    let rowStart = start;
    do {
      const rowEnd = Math.min(rowStart + ROW_SIZE_BYTES, end);
      yield this.#row(rowStart, rowEnd, rowStart === start ? comment : '');
      rowStart = rowEnd;
    } while (rowStart < end);
    return end;
  }

  /** The lines of a column of numbers, as many per line as fit. */
  *column(
    start: number,
    count: number,
    width: number,
    name: string,
    read: (offset: number) => number,
  ): Generator<string, number> {
    const perRow = ROW_SIZE_BYTES / width;
    for (let first = 0; first < count; first += perRow) {
      const rowCount = Math.min(perRow, count - first);
      const rowStart = start + first * width;
      const values = Array.from({ length: rowCount }, (_, index) => read(rowStart + index * width));
      yield* this.field(rowStart, rowCount * width, `${name}: ${values.join(' ')}`);
    }
    return start + count * width;
  }

  #row(start: number, end: number, comment: string): string {
    const offset = this.#offsetPrefix + start.toString(16).padStart(6, '0');
    const hex = hexOf(this.#bytes.subarray(start, end), ' ');
    const suffix = comment === '' ? '' : `# ${comment}`;
    return `${offset}: ${hex.padEnd(HEX_WIDTH)}  ${suffix}`.trimEnd();
  }
}

/** The bytes in hexadecimal. */
export function hexOf(bytes: Uint8Array, separator = ''): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(separator);
}

/**
 * The bytes as quoted text if they are printable ASCII, else how many there are; cut short if long.
 */
export function shownBytes(bytes: Uint8Array): string {
  if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) return `${bytes.length} bytes`;
  const text = String.fromCharCode(...bytes.subarray(0, SHOWN_TEXT_LENGTH_MAX));
  return JSON.stringify(bytes.length > SHOWN_TEXT_LENGTH_MAX ? `${text}...` : text);
}
