// Lines of bytes in hexadecimal with a comment behind: the form of every dump.
//
//   00002a: 03 00 00 00                                      # entry count: 3

const ROW_SIZE_BYTES = 16;
const HEX_WIDTH = ROW_SIZE_BYTES * 3 - 1;
const SHOWN_TEXT_LENGTH_MAX = 40;

/** Collects the lines of a dump of `bytes`. */
export class HexDump {
  readonly #bytes: Uint8Array;
  readonly #offsetPrefix: string;
  readonly #lines: string[];

  /** `offsetPrefix` marks offsets that are not positions in the file. */
  constructor(bytes: Uint8Array, lines: string[] = [], offsetPrefix = '') {
    this.#bytes = bytes;
    this.#lines = lines;
    this.#offsetPrefix = offsetPrefix;
  }

  /** A dump of other bytes into the same lines. */
  within(bytes: Uint8Array, offsetPrefix: string): HexDump {
    return new HexDump(bytes, this.#lines, offsetPrefix);
  }

  /** Adds a line of text, with an empty line before it. */
  title(text: string): void {
    if (this.#lines.length > 0) this.#lines.push('');
    this.note(text);
  }

  /** Adds a line of text. */
  note(text: string): void {
    this.#lines.push(`# ${text}`);
  }

  /** Adds `length` bytes, with the comment on the first line, and gives where they end. */
  field(start: number, length: number, comment: string): number {
    const end = start + length;
    let rowStart = start;
    do {
      const rowEnd = Math.min(rowStart + ROW_SIZE_BYTES, end);
      this.#row(rowStart, rowEnd, rowStart === start ? comment : '');
      rowStart = rowEnd;
    } while (rowStart < end);
    return end;
  }

  /** Adds a column of numbers, as many per line as fit, and gives where it ends. */
  column(
    start: number,
    count: number,
    width: number,
    name: string,
    read: (offset: number) => number,
  ): number {
    const perRow = ROW_SIZE_BYTES / width;
    for (let first = 0; first < count; first += perRow) {
      const rowCount = Math.min(perRow, count - first);
      const rowStart = start + first * width;
      const values = Array.from({ length: rowCount }, (_, index) => read(rowStart + index * width));
      this.field(rowStart, rowCount * width, `${name}: ${values.join(' ')}`);
    }
    return start + count * width;
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #row(start: number, end: number, comment: string): void {
    const offset = this.#offsetPrefix + start.toString(16).padStart(6, '0');
    const hex = hexOf(this.#bytes.subarray(start, end), ' ');
    const suffix = comment === '' ? '' : `# ${comment}`;
    this.#lines.push(`${offset}: ${hex.padEnd(HEX_WIDTH)}  ${suffix}`.trimEnd());
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
