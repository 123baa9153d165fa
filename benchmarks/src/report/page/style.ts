// The style sheet of the report: a light and a dark scheme, and plain paper when printed.

import type { ReportEngine } from '../data/engines.js';
import { Html } from './html.js';

/** The whole style sheet, with a colour and a switch for each engine. */
export function styleSheet(engines: readonly ReportEngine[]): Html {
  const scheme = (name: 'light' | 'dark') =>
    engines.map(({ index, colours }) => `--engine-${index}: ${colours[name]};`).join(' ');
  return new Html(`<style>
:root { ${LIGHT} ${scheme('light')} }
@media screen and (prefers-color-scheme: dark) { :root { ${DARK} ${scheme('dark')} } }
${RULES}
${engines.map(switchRule).join('\n')}
</style>`);
}

/** An engine switched off fades in every plot, because all of them paint with its variable. */
function switchRule({ index, colours }: ReportEngine): string {
  const faded = `color-mix(in srgb, ${colours.light} 9%, transparent)`;
  return `:root:has(#show-${index}:not(:checked)) { --engine-${index}: ${faded}; }
:root:has(#show-${index}:not(:checked)) .engine-${index} { opacity: 0.25; }`;
}

const LIGHT = `color-scheme: light dark; --paper: #ffffff; --ink: #1d2229; --soft: #5c6672; --faint: #e3e7ec;
--raised: #f6f8fa; --better: 0, 110, 180; --worse: 214, 96, 0; --boost: 1;`;
const DARK = `--paper: #12161b; --ink: #e3e8ee; --soft: #9aa6b3; --faint: #2b333d;
--raised: #1a2027; --better: 70, 165, 240; --worse: 245, 130, 50; --boost: 1.35;`;

const RULES = `
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main, header { max-width: 1320px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 32px; }
h1 { font-size: 27px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 20px; margin: 52px 0 4px; padding-top: 14px; border-top: 2px solid var(--ink); }
nav { margin-top: 14px; }
section { scroll-margin-top: 44px; }
nav + section h2 { margin-top: 22px; border-top: none; }
h3 { font-size: 14px; margin: 0 0 4px; font-weight: 600; }
h3 small, caption small { font-weight: 400; color: var(--soft); font-size: 13px; }
p { margin: 6px 0 14px; max-width: 86ch; }
p.note { color: var(--soft); font-size: 14px; }
code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { margin: 8px 0 16px; padding: 10px 14px; background: var(--raised); border-radius: 6px; white-space: pre-wrap; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(240px, 100%), 1fr)); gap: 10px 28px; margin: 18px 0; }
dl.facts dt { color: var(--soft); font-size: 12.5px; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 14px; }
a { color: inherit; text-underline-offset: 3px; text-decoration-color: var(--soft); }
.legend { position: sticky; top: 0; z-index: 2; background: var(--paper); border-bottom: 1px solid var(--faint); }
.legend div { max-width: 1320px; margin: 0 auto; padding: 9px 24px; display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13.5px; }
.legend label { display: flex; align-items: center; gap: 6px; cursor: pointer; }
.legend input { appearance: none; width: 13px; height: 13px; margin: 0; border-radius: 3px; background: var(--swatch); border: 1.5px solid var(--swatch); cursor: pointer; }
.legend input:not(:checked) { background: none; border-color: var(--soft); }
.legend input:not(:checked) + span { color: var(--soft); }
:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px; }
.varve { font-weight: 650; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); gap: 26px 28px; margin-top: 18px; }
.panels.wide { grid-template-columns: repeat(auto-fill, minmax(min(500px, 100%), 1fr)); }
.panel { break-inside: avoid; min-width: 0; margin: 0; }
.plot { display: block; width: 100%; height: auto; overflow: visible; font-size: 11.5px; font-family: system-ui, sans-serif; }
.plot text, .plot tspan { white-space: pre; }
.plot [aria-label="x-grid"], .plot [aria-label="y-grid"] { stroke: var(--faint); stroke-opacity: 1; }
.scroll { overflow-x: auto; margin: 14px 0; }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; vertical-align: top; border-bottom: 1px solid var(--faint); white-space: nowrap; }
th { font-weight: 600; }
thead th { border-bottom: 1.5px solid var(--ink); vertical-align: bottom; }
thead th i { display: block; height: 4px; border-radius: 2px; margin-bottom: 5px; }
tbody th, th.left, td.left { text-align: left; }
tbody th { font-weight: 500; position: sticky; left: 0; background: var(--paper); }
tbody th small { display: block; color: var(--soft); font-weight: 400; white-space: normal; max-width: 26ch; }
td.wrap { white-space: normal; text-align: left; overflow-wrap: anywhere; }
td.best b { text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: 3px; }
td b { font-weight: 500; } td.varve b { font-weight: 700; }
.none { color: var(--soft); }
.ratio { display: block; font-size: 12px; margin-top: 2px; padding: 0 6px; border-radius: 4px; }
.ratio + .ratio { margin-top: 1px; }
.ratio.better { background: rgba(var(--better), calc(var(--depth) * var(--boost))); }
.ratio.worse { background: rgba(var(--worse), calc(var(--depth) * var(--boost))); }
.ratio.even { background: var(--raised); color: var(--soft); }
details { margin: 14px 0; } summary { cursor: pointer; font-weight: 600; padding: 3px 0; }
summary small { font-weight: 400; color: var(--soft); }
footer { max-width: 1320px; margin: 48px auto 32px; padding: 0 24px; color: var(--soft); font-size: 13px; }
@media (max-width: 760px) { main, header, footer, .legend div { padding-left: 16px; padding-right: 16px; } th, td { padding: 5px 7px; } .plot { font-size: 13px; } }
@media print { .legend { position: static; } body { font-size: 12px; print-color-adjust: exact; } h2 { break-after: avoid; } tr { break-inside: avoid; }
details::details-content { content-visibility: visible; } .scroll { overflow: visible; } table { font-size: 10px; } th, td { padding: 3px 5px; } nav { display: none; } }`;
