// Fields as a line of CSV (RFC 4180): quoted when they hold a comma, a quote, a line end or outer space.

const NEEDS_QUOTES = /[",\r\n]|^\s|\s$|^\ufeff/;

/** One line, without its end. A line of one empty field is quoted, so that it is not taken for a blank line. */
export function csvLine(fields: readonly string[]): string {
  if (fields.length === 1 && fields[0] === '') {
    return '""';
  }
  return fields
    .map((field) => (NEEDS_QUOTES.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(',');
}
