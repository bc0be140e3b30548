/** The page's one style sheet. No attribute of any element styles: the Content-Security-Policy forbids it. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --card: #ffffff; --sunk: #f0f2f5; --line: #dde1e7; --faint: #e9ecf1;
  --ink: #161a21; --soft: #525c6b; --link: #0b57c2;
  --a: #1f6fd6; --b: #b4540a; --c: #b3261e; --fill: #1f6fd61a;
  --ok: #17703a; --ok-ground: #e5f4ea; --warning: #8f4d00; --warning-ground: #fdf1dc;
  --error: #b3261e; --error-ground: #fce9e7; --waiting: #0b57c2; --waiting-ground: #e6effb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1217; --card: #171b22; --sunk: #11151b; --line: #2c333e; --faint: #232933;
    --ink: #e8ebf0; --soft: #a3adbb; --link: #83b4ff;
    --a: #6ea8fe; --b: #f0a35e; --c: #ff8a80; --fill: #6ea8fe22;
    --ok: #6fd694; --ok-ground: #14291d; --warning: #f4bd62; --warning-ground: #2d2312;
    --error: #ff9a91; --error-ground: #331a19; --waiting: #8fbcff; --waiting-ground: #152338;
  }
}
* { box-sizing: border-box; }
html { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink); font-variant-numeric: tabular-nums; }
a { color: var(--link); text-underline-offset: 2px; }
a:focus-visible, summary:focus-visible, button:focus-visible, [tabindex]:focus-visible {
  outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }
code, pre { font: 13px/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code, .wrap { overflow-wrap: anywhere; }
h1, h2, h3, p, figure, ul, dl, dd, pre { margin: 0; padding: 0; }
ul { list-style: none; }
h2 { font-size: 16px; font-weight: 650; letter-spacing: -.005em; }
h3 { font-size: 14px; font-weight: 600; }
.soft { color: var(--soft); }
.small { font-size: 13px; }
.frame { max-width: 1240px; margin: 0 auto; padding: 0 24px; }
.top { border-bottom: 1px solid var(--line); background: var(--card); }
.top .frame { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 20px; padding-top: 12px;
  padding-bottom: 12px; }
.brand { display: flex; align-items: center; gap: 10px; font-weight: 650; font-size: 15px; margin-right: auto; }
.brand svg { width: 22px; height: 22px; color: var(--a); flex: none; }
.brand .number { font-weight: 400; font-size: 13px; }
.top nav ul { display: flex; gap: 16px; }
.top nav a { color: var(--soft); text-decoration: none; font-size: 14px; }
.top nav a:hover { color: var(--ink); text-decoration: underline; }
main, #status { display: grid; gap: 20px; grid-template-columns: minmax(0, 1fr); }
main.frame { padding-top: 20px; padding-bottom: 32px; }
.bar-line { display: flex; flex-wrap: wrap; gap: 2px 18px; align-items: center; justify-content: space-between;
  color: var(--soft); font-size: 13px; margin: -8px 0; }
.live { display: flex; gap: 10px; align-items: center; }
button { font: inherit; font-size: 13px; color: var(--ink); background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; padding: 2px 10px; min-height: 28px; cursor: pointer; }
button:hover { border-color: var(--soft); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[hidden] { display: none !important; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px;
  min-width: 0; }
.card > h2 { margin-bottom: 12px; }
.state { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 4px 16px; align-items: start;
  padding: 20px; border-radius: 10px; border: 1px solid var(--line);
  border-color: color-mix(in srgb, var(--tone) 40%, transparent); background: var(--tone-ground); }
.state.ok { --tone: var(--ok); --tone-ground: var(--ok-ground); }
.state.warning, .state.stopping { --tone: var(--warning); --tone-ground: var(--warning-ground); }
.state.error { --tone: var(--error); --tone-ground: var(--error-ground); }
.state.waiting { --tone: var(--waiting); --tone-ground: var(--waiting-ground); }
.state svg { width: 30px; height: 30px; color: var(--tone); margin-top: 2px; }
.state h1 { font-size: 22px; line-height: 1.3; font-weight: 650; letter-spacing: -.012em; overflow-wrap: anywhere; }
.state .word { display: block; font-size: 13px; font-weight: 650; color: var(--tone); letter-spacing: .01em; }
.state p { grid-column: 2; color: var(--ink); overflow-wrap: anywhere; max-width: 90ch; }
.lost { border: 1px solid var(--error); background: var(--error-ground); color: var(--error); font-weight: 600;
  border-radius: 10px; padding: 12px 20px; }
.old #status { filter: grayscale(1); }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 12px; }
.tile { display: flex; flex-direction: column; padding: 14px 18px; }
.tile dt { color: var(--soft); font-size: 13px; }
.tile .figure { font-size: 26px; line-height: 1.25; font-weight: 650; letter-spacing: -.02em;
  overflow-wrap: anywhere; }
.tile .unit { font-size: 14px; font-weight: 500; color: var(--soft); letter-spacing: 0; }
.tile .more { font-size: 13px; color: var(--soft); }
.gauge { display: block; width: 100%; height: 6px; margin: 6px 0 4px; border-radius: 3px; background: var(--faint); }
.gauge rect { fill: var(--a); } .gauge.high rect { fill: var(--error); }
.charts { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 12px; }
.chart { padding: 14px 18px 10px; display: flex; flex-direction: column; }
.chart figcaption { display: flex; justify-content: space-between; gap: 12px; margin-bottom: 8px; }
.plot { position: relative; padding-right: 60px; }
.plot svg { border-bottom: 1px solid var(--line); }
.plot svg { display: block; width: 100%; height: 112px; overflow: visible; }
.plot span { position: absolute; right: 0; font-size: 12px; line-height: 1; color: var(--soft); white-space: nowrap; }
.plot .most { top: -5px; } .plot .half { top: 50px; } .plot .zero { top: 105px; }
.grid { stroke: var(--faint); fill: none; }
.curve { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
.curve.a { stroke: var(--a); } .curve.b { stroke: var(--b); } .curve.c { stroke: var(--c); }
.curve.b { stroke-dasharray: 5 3.5; } .curve.c { stroke-dasharray: 1.5 4; stroke-width: 2.25; }
.under { fill: var(--fill); stroke: none; }
#hair { position: fixed; width: 1px; background: var(--soft); pointer-events: none; }
#readout { position: fixed; pointer-events: none; white-space: pre; background: var(--ink); color: var(--card);
  font-size: 12px; line-height: 1.45; padding: 5px 9px; border-radius: 6px; }
.times { display: flex; justify-content: space-between; color: var(--soft); font-size: 12px;
  padding: 4px 60px 0 0; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin-top: 6px; font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 6px; color: var(--soft); }
.legend b { color: var(--ink); font-weight: 600; }
.legend svg { width: 18px; height: 4px; overflow: visible; flex: none; }
.legend + details { margin-top: auto; padding-top: 6px; }
details > summary { cursor: pointer; color: var(--soft); font-size: 13px; width: fit-content; padding: 3px 0; }
details > summary:hover { color: var(--ink); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: 13px; white-space: nowrap;
  vertical-align: bottom; }
td, th { padding: 7px 16px 7px 0; border-bottom: 1px solid var(--faint); vertical-align: top; }
td:last-child, th:last-child { padding-right: 0; }
tbody tr:last-child > * { border-bottom: 0; padding-bottom: 2px; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.wide { overflow-wrap: anywhere; min-width: 15em; }
tbody th { color: var(--ink); font-size: 14px; font-weight: 400; }
.chart table { font-size: 13px; } .chart tbody th { font-size: 13px; }
.chart td, .chart th { padding-top: 3px; padding-bottom: 3px; }
.cards { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; align-items: start; }
.cards > div { display: grid; gap: 12px; grid-template-columns: minmax(0, 1fr); }
.facts { display: grid; grid-template-columns: minmax(0, auto) minmax(0, 1fr); gap: 5px 20px; font-size: 14px; }
.facts dt { color: var(--soft); } .facts dd { text-align: right; overflow-wrap: anywhere; }
.card > * + .note { margin-top: 10px; }
.note { font-size: 13px; color: var(--soft); }
.badge { display: inline-block; font-size: 12px; line-height: 18px; font-weight: 600; padding: 0 8px;
  border-radius: 9px;
  white-space: nowrap; color: var(--soft); background: var(--faint); }
.badge.ok { color: var(--ok); background: var(--ok-ground); }
.badge.warning { color: var(--warning); background: var(--warning-ground); }
.badge.error { color: var(--error); background: var(--error-ground); }
.badge.given { color: var(--ink); }
.troubles { display: grid; gap: 0; }
.troubles li { display: grid; grid-template-columns: 76px minmax(0, 1fr) auto; gap: 2px 12px; padding: 9px 0;
  border-bottom: 1px solid var(--faint); font-size: 14px; align-items: baseline; }
.troubles li:last-child { border-bottom: 0; padding-bottom: 0; }
.troubles .badge { justify-self: start; }
.troubles .when { color: var(--soft); font-size: 13px; white-space: nowrap; text-align: right; }
.troubles .fields { grid-column: 2 / -1; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.troubles .fields b { font-weight: 500; color: var(--ink); }
.setup { display: grid; gap: 12px; }
.setup pre { background: var(--sunk); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.setup > h2 { margin-bottom: 0; }
.setup li { padding-left: 1.2em; text-indent: -1.2em; } .setup li::before { content: "·"; display: inline-block;
  width: 1.2em; text-indent: 0; color: var(--soft); font-weight: 700; }
.pair { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline; justify-content: space-between; }
footer { color: var(--soft); font-size: 13px; border-top: 1px solid var(--line); padding: 16px 0 32px; }
footer .frame { display: flex; flex-wrap: wrap; gap: 4px 20px; justify-content: space-between; }
@media (max-width: 1020px) {
  .charts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  td.wide { min-width: 6em; } td, th { padding-right: 10px; } thead th { white-space: normal; }
  .cards td, .cards th { padding-right: 6px; }
}
@media screen and (max-width: 760px) {
  .frame { padding-left: 14px; padding-right: 14px; }
  main, #status { gap: 12px; } main.frame { padding-top: 12px; } .bar-line { margin: 0; }
  .card { padding: 14px; } .tile { padding: 12px 14px; } .state { padding: 14px; gap: 4px 12px; }
  .state h1 { font-size: 19px; } .state svg { width: 26px; height: 26px; }
  .tile .figure { font-size: 21px; } .tiles { gap: 8px; }
  .charts, .cards { grid-template-columns: minmax(0, 1fr); }
  .stack, .stack tbody, .stack tr, .stack td, .stack tbody th { display: block; }
  .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack tr { padding: 8px 0; border-bottom: 1px solid var(--faint); } .stack tr:last-child { border-bottom: 0; }
  .stack td, .stack tbody th { border: 0; min-width: 0 !important; padding: 1px 0 !important;
  text-align: left !important; white-space: normal;
    display: grid; grid-template-columns: 104px minmax(0, 1fr); gap: 10px; }
  .stack td::before, .stack tbody th::before { content: attr(data-label); color: var(--soft); font-size: 13px; }
  .troubles li { grid-template-columns: auto minmax(0, 1fr); }
  .troubles .what { grid-column: 1 / -1; } .troubles .fields { grid-column: 1 / -1; }
  .troubles .badge { order: -2; } .troubles .badge { justify-self: start; }
.troubles .when { order: -1; }
}
@media print {
  :root { --ground: #fff; --card: #fff; --line: #bbb; }
  body { zoom: .78; }
  .card, .state, li, tr { break-inside: avoid; }
  .top nav, .live, button, .chart details { display: none; }
  .charts { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .tiles { grid-template-columns: repeat(4, minmax(0, 1fr)); }
}
`;
