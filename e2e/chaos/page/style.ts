import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootOf } from '../../tools/root.ts';

const TOKENS = 'functions/gateway/console/ui/look/tokens.css';

/** The style of the page, light and dark: the colours of the console, and those of faults. */
export const STYLE = `
${readFileSync(join(rootOf(import.meta.dirname), TOKENS), 'utf8')}
:root {
  --bed: light-dark(#cfe6d6, #24453a); --down: light-dark(#d2373f, #e5565d); --starting: light-dark(#e9a23b, #e0a347);
  --frozen: light-dark(#3f86cf, #5b9fe6); --stopping: light-dark(#e2763a, #ea8a50); --full: light-dark(#8a5cf0, #a585f7);
  --clock: light-dark(#0d98a6, #35b8c4); --poison: light-dark(#8a6d1f, #c9a94a); --disk: light-dark(#7a3b12, #d08a55);
  --mild: light-dark(#c9b458, #b5a24c); --hand: light-dark(#4a7fb8, #6c9fd8); --held: light-dark(#e0a030, #e6b04e);
  --take: light-dark(#b4479b, #d673bf); }
* { box-sizing: border-box; }
body { margin: 0; padding: 32px 28px 56px; background: var(--paper); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1280px; margin: 0 auto; }
header p { margin: 2px 0; color: var(--quiet); }
h1 { margin: 0 0 2px; font-size: 24px; letter-spacing: -0.01em; }
h2 { margin: 32px 0 10px; font-size: 15px; }
code { font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; background: var(--card); padding: 2px 6px;
  border: 1px solid var(--rule); border-radius: 4px; }
.verdict { margin: 18px 0; padding: 14px 18px; border-radius: 8px; background: var(--card); border: 1px solid var(--rule);
  border-left: 6px solid var(--good); font-size: 17px; font-weight: 600; }
.verdict.wrong { border-left-color: var(--bad); }
.verdict ul { margin: 8px 0 0; padding-left: 20px; font-size: 13.5px; font-weight: 400; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 10px; }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 10px 14px; }
.tile b { display: block; font-size: 21px; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }
.tile span { color: var(--quiet); font-size: 12.5px; }
.timeline { display: flex; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 0 6px 14px; }
.names { flex: none; } .scroll { overflow-x: auto; flex: 1; min-width: 0; }
.scroll svg, .names svg { display: block; } .fits svg { width: 100%; height: auto; }
svg text { font: 11px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--quiet); }
svg .name { font-size: 13px; font-weight: 600; fill: var(--ink); }
svg .on-bar { fill: #fff; font-size: 10px; font-weight: 600; pointer-events: none; }
.grid { stroke: var(--rule); } .base { stroke: var(--quiet); stroke-opacity: 0.5; }
.border { stroke: var(--ink); stroke-dasharray: 3 3; stroke-opacity: 0.5; }
.bed { fill: var(--bed); } .state.down rect, .down { fill: var(--down); } .state.starting rect, .starting { fill: var(--starting); }
.state.frozen rect, .frozen { fill: var(--frozen); } .state.stopping rect, .stopping { fill: var(--stopping); }
.full { fill: var(--full); color: var(--full); } .clock { fill: var(--clock); color: var(--clock); }
.poison { fill: var(--poison); color: var(--poison); }
.disk { fill: var(--disk); color: var(--disk); }
.injection.kill { color: var(--down); } .injection.freeze { color: var(--frozen); } .injection.stop { color: var(--stopping); }
.injection.missed, .injection.unsupported { opacity: 0.3; }
.compensation { fill: var(--take); } .retry { fill: var(--bad); fill-opacity: 0.75; }
.parked { fill: var(--quiet); fill-opacity: 0.35; }
.acknowledged { fill: var(--good); } .refused { fill: var(--mild); } .failed { fill: var(--bad); }
.area { fill-opacity: 0.22; } .line { fill: none; stroke-width: 1.4; }
.area.on-hand { fill: var(--hand); } .line.on-hand { stroke: var(--hand); }
.area.reserved, .area.waiting { fill: var(--held); fill-opacity: 0.5; } .line.reserved, .line.waiting { stroke: var(--held); }
.area.open { fill: var(--take); } .line.open { stroke: var(--take); }
rect:hover, .injection:hover { filter: brightness(1.2); }
.legend { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 12px 2px 0; color: var(--quiet); font-size: 12.5px; }
.legend span { display: inline-flex; align-items: center; gap: 6px; } .legend svg { width: 14px; height: 14px; }
table { border-collapse: collapse; width: 100%; background: var(--card); font-size: 13px; font-variant-numeric: tabular-nums; }
td, th { text-align: left; padding: 5px 12px; border: 1px solid var(--rule); } th { color: var(--quiet); font-weight: 500; }
details { margin-top: 18px; } summary { cursor: pointer; color: var(--quiet); }
`;
