// The few styles the command line uses, by meaning, and the rule for when colour is on.
//
// Colour follows https://no-color.org: off when NO_COLOR is set or the stream is no terminal, on when
// FORCE_COLOR is set. One palette per stream, because standard output can be a file while standard error
// is a terminal.

import picocolors from 'picocolors';

/** Styles by meaning. Each takes text and gives it back with or without colour. */
export interface Palette {
  readonly key: Style;
  readonly heading: Style;
  readonly quiet: Style;
  readonly good: Style;
  readonly bad: Style;
  readonly warning: Style;
  readonly accent: Style;
}

/** Text in, text out. */
export type Style = (text: string) => string;

/** The styles for one stream. */
export function createPalette(
  stream: { isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Palette {
  const colors = picocolors.createColors(wantsColor(stream, environment));
  return {
    key: colors.cyan,
    heading: colors.bold,
    quiet: colors.dim,
    good: colors.green,
    bad: colors.red,
    warning: colors.yellow,
    accent: colors.magenta,
  };
}

function wantsColor(
  stream: { isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '') {
    return false;
  }
  if ((environment['FORCE_COLOR'] ?? '') !== '') {
    return environment['FORCE_COLOR'] !== '0';
  }
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}
