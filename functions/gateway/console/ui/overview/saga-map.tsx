/** The view to remember: the saga as lanes, and what moves through it now. */
import { useMemo, useRef } from 'preact/hooks';
import { countsOf, ratesOf, widthOf } from '../drawing/flow.ts';
import { formatRate, formatShort } from '../drawing/format.ts';
import { type CardBox, COUNT_MIN_WIDTH, layOut, type MapLayout, type WayBox } from '../drawing/lane-layout.ts';
import type { Saga, SagaGraph } from '../drawing/saga-graph.ts';
import { useLive } from '../live/use-live.ts';
import { Scroll } from '../parts/scroll.tsx';
import { useReducedMotion } from '../parts/use-media.ts';
import { useWidth } from '../parts/use-size.ts';
import { counted } from '../parts/words.ts';
import { Dots } from './dots.tsx';
import { LaneHead } from './lane-head.tsx';
import { pointedAt } from './pointed-at.ts';
import { overview } from './use-overview.ts';

export function SagaMap({ saga, graph }: { readonly saga: Saga; readonly graph: SagaGraph }) {
  const frame = useRef<HTMLElement>(null);
  const width = useWidth(frame);
  const layout = useMemo(() => (width === null ? null : layOut(graph, width)), [graph, width]);
  const isStill = useReducedMotion();
  return (
    <Scroll label="Saga map" look="map-frame" frame={frame}>
      {layout !== null && (
        <div class="map" style={{ width: `${layout.width}px`, height: `${layout.height}px` }}>
          <Lanes layout={layout} />
          <Drawing layout={layout} saga={saga} graph={graph} />
          {!isStill && <Dots graph={graph} layout={layout} />}
        </div>
      )}
    </Scroll>
  );
}

function Lanes({ layout }: { readonly layout: MapLayout }) {
  const { functions } = useLive();
  const { backlogs } = overview;
  return (
    <>
      {layout.lanes.map(({ name, y, height }) => {
        const state = functions.value.get(name);
        const looks = [
          'lane',
          `of-${name}`,
          (state?.state ?? 'up') === 'up' ? '' : 'is-away',
          pointedAt.value.includes(name) ? 'is-pointed-at' : '',
        ];
        return (
          <div key={name} class={looks.join(' ')} style={{ top: `${y}px`, height: `${height}px` }}>
            <LaneHead name={name} state={state ?? null} backlog={backlogs.value.get(name)} />
          </div>
        );
      })}
    </>
  );
}

function Drawing({
  layout,
  saga,
  graph,
}: {
  readonly layout: MapLayout;
  readonly saga: Saga;
  readonly graph: SagaGraph;
}) {
  const { figures, samples } = overview;
  const rates = ratesOf(saga, graph, samples.value);
  const counts = figures.value === null ? new Map<string, number>() : countsOf(saga, graph, figures.value);
  const moving = [...rates.values()].filter((rate) => rate > 0).length;
  const about = `${counted(graph.nodes.length, 'event')} in ${counted(graph.lanes.length, 'lane')}; messages go ${counted(moving, 'way')} now. The table below has the same.`;
  return (
    <svg class="map-drawing" width={layout.width} height={layout.height} role="img" aria-label={about}>
      {layout.ways.map((way) => (
        <Way key={way.edge.id} way={way} rate={rates.get(way.edge.id) ?? 0} />
      ))}
      {layout.cards.map((card) => (
        <Card key={card.node.id} card={card} count={counts.get(card.node.id) ?? null} />
      ))}
    </svg>
  );
}

function Way({ way: { edge, curve }, rate }: { readonly way: WayBox; readonly rate: number }) {
  const looks = ['way', `of-${edge.by}`, rate > 0 ? 'is-moving' : '', edge.isCompensation ? 'is-compensation' : ''];
  return (
    <path class={looks.join(' ')} d={curve.d} stroke-width={widthOf(rate)}>
      <title>{`${edge.from} → ${edge.to}, ${formatRate(rate)}`}</title>
    </path>
  );
}

/** From the middle of a line of text down to the foot of its letters, and from one line to the next. */
const FOOT = 4;
const LINE_HEIGHT = 15;

function Card({
  card: { node, x, y, width, height, lines },
  count,
}: {
  readonly card: CardBox;
  readonly count: number | null;
}) {
  const looks = ['event', `of-${node.lane}`, node.isPivot ? 'is-pivot' : '', node.kind === 'end' ? 'is-end' : ''];
  const isEntered = node.commands.length > 0;
  const shown = count === null || node.kind === 'end' || width < COUNT_MIN_WIDTH ? '' : formatShort(count);
  return (
    <g class={looks.join(' ')} transform={`translate(${x} ${y})`}>
      <title>{titleOf(node, count)}</title>
      {isEntered && (
        <path class="entry" d={`M-14 ${height / 2}H-3M-7 ${height / 2 - 4}L-3 ${height / 2}L-7 ${height / 2 + 4}`} />
      )}
      <rect width={width} height={height} rx={6} />
      {lines.map((line, n) => (
        <text key={line} x={8} y={height / 2 + FOOT + (n - (lines.length - 1) / 2) * LINE_HEIGHT}>
          {line}
        </text>
      ))}
      {shown !== '' && (
        <text class="event-count" x={width - 8} y={height / 2 + FOOT} text-anchor="end">
          {shown}
        </text>
      )}
    </g>
  );
}

function titleOf({ id, lane, kind, commands, isPivot }: CardBox['node'], count: number | null): string {
  const what = kind === 'end' ? `What ${lane} does with ${id.split('@')[0]}` : `${id}, by ${lane}`;
  const by = commands.length === 0 ? '' : `; also by ${commands.join(', ')}`;
  const times = count === null ? '' : `; ${counted(count, 'time')} since the start`;
  return `${what}${isPivot ? ', the pivot' : ''}${by}${times}`;
}
