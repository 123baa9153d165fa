// The page as a whole: one file, no network, no scripts.

import { type Case, casesByNum, numText } from '../data/cases.js';
import type { ReportEngine } from '../data/engines.js';
import type { ReportData } from '../data/report-data.js';
import { headerOf, type ReportOptions } from './header.js';
import { type Html, html } from './html.js';
import { growthPanels, SECTIONS, type Section } from './sections.js';
import { styleSheet } from './style.js';
import { summaryOf } from './summary.js';
import { figuresTable, settingsTables } from './tables.js';

/** The text of the HTML file. */
export function pageOf(data: ReportData, options: ReportOptions): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${options.title ?? 'Varve benchmarks'}</title>
${styleSheet(data.engines)}</head><body>
${headerOf(data, options)}
${legendOf(data.engines)}
<main>
${data.results.length === 0 ? null : contentsOf(data)}
</main>
<footer>Drawn with Observable Plot. Point at a mark to read its figures.</footer>
</body></html>
`.text;
}

/** Names and colours of engines; unticking one fades it on the whole page. */
function legendOf(engines: readonly ReportEngine[]): Html {
  return html`<div class="legend"><div role="group" aria-label="Engines shown">${engines.map(
    ({
      name,
      index,
      isVarve,
      paint,
    }) => html`<label style="--swatch: ${paint}"><input type="checkbox"
 id="show-${index}" checked><span class="${isVarve ? 'varve' : ''}">${name}</span></label>`,
  )}</div></div>`;
}

/** A part of the page that the list of contents names. */
interface Chapter {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

function contentsOf(data: ReportData): Html {
  const chapters = chaptersOf(data);
  return html`<nav aria-label="Contents">${chapters.map(
    ({ id, title }) => html`<a href="#${id}">${title}</a>`,
  )}</nav>${chapters.map(
    ({ id, title, body }) => html`<section id="${id}"><h2>${title}</h2>${body}</section>\n`,
  )}`;
}

function chaptersOf(data: ReportData): readonly Chapter[] {
  const [throughput, ...sections] = SECTIONS.flatMap((section) => chapterOf(section, data));
  return [
    { id: 'summary', title: 'Summary', body: summaryOf(data) },
    ...(throughput === undefined ? [] : [throughput]),
    ...growthChapter(growthPanels(data)),
    ...sections,
    { id: 'figures', title: 'All figures', body: figuresTable(data) },
    { id: 'settings', title: 'Engines and their settings', body: settingsTables(data) },
  ];
}

/** Nothing if no engine could tell what the section shows. */
function chapterOf(section: Section, data: ReportData): readonly Chapter[] {
  const panelsOf = (item: Case) => section.panelsOf(item, data);
  const main = data.mainCases.flatMap(panelsOf);
  const others = casesByNum(data.otherCases)
    .map(([num, cases]) => [num, cases.flatMap(panelsOf)] as const)
    .filter(([, panels]) => panels.length > 0);
  if (main.length === 0 && others.length === 0) return [];
  const { id, title, note, width } = section;
  const body = html`<p class="note">${note}</p>${gridOf(main, width)}${others.map(
    ([num, panels]) =>
      html`<details><summary>At ${numText(num)}</summary>${gridOf(panels, width)}</details>`,
  )}`;
  return [{ id, title, body }];
}

function growthChapter(panels: readonly Html[]): readonly Chapter[] {
  if (panels.length === 0) return [];
  const body = html`<p class="note">Operations per second against the number of entries, both axes
logarithmic; a level line is an engine that does not mind how much it holds.</p>${gridOf(panels, 'narrow')}`;
  return [{ id: 'growth', title: 'Growth', body }];
}

function gridOf(panels: readonly Html[], width: Section['width']): Html {
  return html`<div class="panels ${width}">${panels}</div>`;
}
