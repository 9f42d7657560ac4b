/** The site's one style sheet: light and dark by the reader's own setting, no web font, nothing from elsewhere. */
export const STYLE = `:root {
  color-scheme: light dark;
  --ground: light-dark(#fbfbf9, #14171b);
  --raised: light-dark(#ffffff, #1c2026);
  --ink: light-dark(#1d2126, #e4e7eb);
  --quiet: light-dark(#59626d, #9aa4b0);
  --line: light-dark(#dcdfe3, #313842);
  --link: light-dark(#0b57a4, #82b7f5);
  --good: light-dark(#11663b, #7fd3a3);
  --warn: light-dark(#8a5200, #eeb866);
  --bad: light-dark(#a3241c, #f39a92);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 66rem; padding: 2rem 1.25rem 4rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere;
}
a { color: var(--link); text-underline-offset: 0.15em; }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 0.5rem; padding: 0.5rem 1rem; background: var(--raised); }
nav { margin-bottom: 1.5rem; }
h1 { margin: 0 0 1rem; font-size: 1.9rem; line-height: 1.25; text-wrap: balance; }
h2 { margin: 2.25rem 0 0.5rem; font-size: 1.15rem; line-height: 1.3; }
p, ul, ol { margin: 0.5rem 0; max-width: 46rem; }
ul, ol { padding-left: 1.25rem; }
code, pre { font: 0.9em/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.75rem 1rem; background: var(--raised); border: 1px solid var(--line); }
.figures { display: flex; flex-wrap: wrap; gap: 0.25rem 2rem; max-width: none; padding: 0; list-style: none;
  color: var(--quiet); }
.figures b { color: var(--ink); font-size: 1.4rem; margin-right: 0.25rem; }
.kind { margin: 0; color: var(--quiet); text-transform: capitalize; }
.id { color: var(--quiet); font: 0.85em ui-monospace, monospace; white-space: nowrap; }
.rule { margin: 1rem 0; padding: 0.75rem 1.1rem; border-left: 4px solid var(--link); background: var(--raised);
  font-size: 1.1rem; }
.notice { color: var(--warn); font-weight: 600; }
.never { color: var(--quiet); }
table { width: 100%; border-collapse: collapse; }
section table { table-layout: fixed; }
th, td { padding: 0.6rem 1rem 0.6rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-size: 0.85rem; font-weight: 600; white-space: nowrap; }
thead th:first-child { width: 40%; }
tbody th { font-weight: 500; }
tbody th .id { display: block; font-weight: 400; }
td { font-variant-numeric: tabular-nums; overflow-wrap: normal; }
time { white-space: nowrap; }
td:last-child, thead th:last-child { padding-right: 0; }
.level { display: inline-block; min-width: 2.4em; padding: 0 0.5em; border: 1px solid currentColor; border-radius: 1em;
  font-size: 0.85em; font-weight: 600; text-align: center; color: var(--quiet); }
.level.m3, .level.m4 { color: var(--good); }
.held.runs { color: var(--good); }
.held.text { color: var(--quiet); }
.held.missing { color: var(--bad); font-weight: 600; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem 1.5rem; margin: 1.5rem 0;
  padding: 1rem 1.1rem; background: var(--raised); border: 1px solid var(--line); border-radius: 0.5rem; }
dl div:has(ul) { grid-column: 1 / -1; }
dt { color: var(--quiet); font-size: 0.85rem; }
dd { margin: 0; }
dd ul { margin: 0; padding-left: 1.1rem; }
.body { margin-top: 2.25rem; }
.body h1 { font-size: 1.35rem; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet);
  font-size: 0.9rem; }
@media (max-width: 44rem) {
  section thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  section tr { display: flex; flex-wrap: wrap; gap: 0 1.25rem; padding: 0.75rem 0;
    border-bottom: 1px solid var(--line); }
  section th, section td { padding: 0; border: 0; }
  section tbody th { width: 100%; }
  section td::before { content: attr(data-label) " "; color: var(--quiet); font-size: 0.85rem; }
}
@media print { .skip, nav { display: none; } body { max-width: none; } }
`;
