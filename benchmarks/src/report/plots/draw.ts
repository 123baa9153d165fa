// Drawing without a browser: Observable Plot makes SVG elements in a document of linkedom.
//
// Colours come from the page through CSS variables, so one drawing serves a light and a dark page.

import { type PlotOptions, plot } from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** Width of a panel in SVG units; the page scales panels to its columns. */
export const PANEL_WIDTH = 420;
/** Ink of axes and whiskers. */
export const INK = 'var(--ink)';
/** Ink of what should stay in the background. */
export const FAINT = 'var(--faint)';
/** The page's own colour, for outlines that keep marks apart. */
export const PAPER = 'var(--paper)';

/** The few things this module asks of a document's elements. */
interface SvgElement {
  readonly outerHTML: string;
  readonly tagName: string;
  getAttributeNames(): string[];
  getAttribute(name: string): string;
  setAttribute(name: string, value: string): void;
  querySelector(selector: string): SvgElement | null;
  querySelectorAll(selector: string): Iterable<SvgElement>;
  remove(): void;
}

/** Gives the SVG text of a plot; `label` is what a screen reader says instead of it. */
export function drawPlot(label: string, options: PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = plot({
    document,
    className: 'plot',
    width: PANEL_WIDTH,
    color: { type: 'identity' },
    ...options,
  }) as unknown as SvgElement;
  svg.querySelector('style')?.remove(); // the page's style sheet has these rules once
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  for (const element of svg.querySelectorAll('*')) roundCoordinates(element);
  return svg.outerHTML;
}

const COORDINATES = /^(d|transform|x|y|x1|x2|y1|y2|cx|cy|width|height)$/;

/** A tenth of a pixel is enough; sixteen digits of it are most of the bytes of a report. */
function roundCoordinates(element: SvgElement): void {
  for (const name of element.getAttributeNames()) {
    if (!COORDINATES.test(name)) continue;
    const value = element.getAttribute(name);
    element.setAttribute(
      name,
      value.replace(/\d+\.\d{2,}/g, (digits) => String(Number(Number(digits).toFixed(1)))),
    );
  }
}
