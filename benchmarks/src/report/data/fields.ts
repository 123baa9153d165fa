// Checks of single fields of a line, each giving the value typed or throwing what is wrong with it.
//
// A figure that is `null` becomes NaN, which no plot draws and every table shows as a dash: JSON has
// no NaN, so an engine's undefined figure arrives as `null` even where the type says number.

/** What is wrong with a field. */
export class FieldError extends Error {}

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object, or throws naming `name`. */
export function objectOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(name, 'an object', value);
  }
  return value as Fields;
}

/** A field that must be text with at least one character. */
export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw wrong(name, 'text', value);
  return value;
}

/** A field that must be there, and be a number or null (NaN). */
export function requiredFigureOf(fields: Fields, name: string): number {
  if (fields[name] === undefined) throw wrong(name, 'a number', undefined);
  return figureOf(fields, name);
}

/** A field that may be missing or null (NaN), and otherwise is a number. */
export function figureOf(fields: Fields, name: string): number {
  return fields[name] == null ? Number.NaN : numberIn(fields[name], name);
}

/** A field that may be missing or null, and otherwise is a number. */
export function nullableFigureOf(fields: Fields, name: string): number | null {
  return fields[name] == null ? null : numberIn(fields[name], name);
}

/** A field that may be missing or null (an empty list), and otherwise is a list of numbers. */
export function figuresOf(fields: Fields, name: string): readonly number[] {
  return (listOf(fields, name) ?? []).map((value, index) => numberIn(value, `${name}[${index}]`));
}

/** A field that may be missing or null, and otherwise is a list of pairs of numbers. */
export function pairsOf(
  fields: Fields,
  name: string,
): readonly (readonly [number, number])[] | null {
  return listOf(fields, name)?.map((value, index) => pairIn(value, `${name}[${index}]`)) ?? null;
}

/** A list of exactly two numbers. */
export function pairIn(value: unknown, name: string): readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2) throw wrong(name, 'a pair of numbers', value);
  return [numberIn(value[0], `${name}[0]`), numberIn(value[1], `${name}[1]`)];
}

function listOf(fields: Fields, name: string): readonly unknown[] | null {
  const value = fields[name] ?? null;
  if (value !== null && !Array.isArray(value)) throw wrong(name, 'a list', value);
  return value;
}

function numberIn(value: unknown, name: string): number {
  if (typeof value !== 'number') throw wrong(name, 'a number', value);
  return value;
}

function wrong(name: string, expected: string, received: unknown): FieldError {
  const shown = received === undefined ? 'nothing' : JSON.stringify(received).slice(0, 60);
  return new FieldError(`"${name}" must be ${expected}: received ${shown}`);
}
