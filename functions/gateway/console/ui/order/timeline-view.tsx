import { useLayoutEffect, useRef } from 'preact/hooks';
import type { TraceStep } from '../drawing/causal-order.ts';
import { AXIS_HEIGHT, type Timeline, timelineOf } from '../drawing/timeline.ts';
import type { AxisGap } from '../drawing/timeline-clock.ts';
import type { Edge } from '../drawing/timeline-edges.ts';
import { verticalTimelineOf } from '../drawing/timeline-vertical.ts';
import type { Ahead } from '../drawing/what-follows.ts';
import { FunctionName } from '../parts/status.tsx';
import { useWidth } from '../parts/use-size.ts';
import { GhostCard, isSelected, type Selection, StepCard, WaitBar } from './step-card.tsx';
import { useCardKeys, useLineClicks } from './use-timeline-input.ts';

interface TimelineProps {
  readonly traced: { readonly steps: readonly TraceStep[]; readonly lanes: readonly string[] };
  readonly ahead: Ahead;
  /** Functions that do not answer. */
  readonly away: readonly string[];
  readonly byClock: boolean;
  readonly selection: Selection;
}

/** A narrower frame, in pixels, has the timeline from top to bottom. */
const NARROW = 660;

/** The saga from left to right, with a lane for each function; from top to bottom where there is no room for that. */
export function TimelineView(props: TimelineProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  useLineClicks(frame, props.selection.select);
  useCardKeys(frame, props.traced.steps, props.selection);
  return (
    <div class="timeline" ref={frame}>
      {width !== null &&
        (width < NARROW ? <Vertical {...props} width={width} /> : <Horizontal {...props} width={width} />)}
    </div>
  );
}

/** The width of the names of the lanes, which stay in sight; also in the style sheet. */
const NAMES_WIDTH = 100;

function Horizontal({ traced, ahead, away, byClock, selection, width }: TimelineProps & { readonly width: number }) {
  const room = width - NAMES_WIDTH;
  const drawn = timelineOf(traced, ahead, { byClock, room });
  const drawnWidth = Math.max(drawn.width, room);
  const view = useRef<HTMLDivElement>(null);
  const chosen = drawn.steps.find(({ item }) => isSelected(item, selection));
  // What is selected is in sight; without a selection, where the saga waits.
  const target = chosen ?? drawn.waits[0];
  useLayoutEffect(() => {
    if (view.current === null || target === undefined) return;
    const room = view.current.clientWidth - NAMES_WIDTH - target.box.width;
    const { scrollLeft } = view.current;
    if (target.box.x < scrollLeft || target.box.x > scrollLeft + room)
      view.current.scrollLeft = target.box.x - room / 2;
  }, [target?.item.id]);
  return (
    <div class="timeline-scroll" ref={view}>
      <ul class="lane-names" style={{ paddingTop: `${AXIS_HEIGHT}px` }}>
        {drawn.lanes.map(({ name, height }) => (
          <li key={name} style={{ height: `${height}px` }}>
            <FunctionName name={name} />
            {away.includes(name) && <span class="is-bad">✕ does not answer</span>}
          </li>
        ))}
      </ul>
      <div class="timeline-canvas" style={{ width: `${drawnWidth}px`, height: `${drawn.height}px` }}>
        {drawn.lanes.map(({ name, y, height }) => (
          <div
            key={name}
            class={`saga-lane${away.includes(name) ? ' is-away' : ''}`}
            style={{ top: `${y}px`, height: `${height}px` }}
          />
        ))}
        <svg class="timeline-lines" width={drawnWidth} height={drawn.height} aria-hidden="true">
          <Axis drawn={drawn} width={drawnWidth} />
          <Lines edges={drawn.edges} selection={selection} />
        </svg>
        <Cards {...drawn} selection={selection} />
      </div>
    </div>
  );
}

function Vertical({ traced, ahead, selection, away, width }: TimelineProps & { readonly width: number }) {
  const drawn = verticalTimelineOf(traced, ahead, { width });
  return (
    <>
      <ul class="track-names">
        {drawn.tracks.map(({ name }) => (
          <li key={name} class={`of-${name}`}>
            <span aria-hidden="true">●</span> {name}
            {away.includes(name) && <span class="is-bad"> ✕ does not answer</span>}
          </li>
        ))}
      </ul>
      <div class="timeline-canvas" style={{ height: `${drawn.height}px` }}>
        <svg class="timeline-lines" width={width} height={drawn.height} aria-hidden="true">
          {drawn.tracks.map(({ name, x }) => (
            <line key={name} class="track" x1={x} x2={x} y1="0" y2={drawn.height} />
          ))}
          <Lines edges={drawn.edges} selection={selection} />
          {[...drawn.rows, ...drawn.waits, ...drawn.ghosts].map(({ item, dot, gap, box }) => (
            <g key={item.id}>
              <circle class={`track-dot of-${item.lane}`} cx={dot.x} cy={dot.y} r="4.5" />
              {gap !== null && (
                <text class={gapClass(gap)} x={box.x + 12} y={box.y - 8}>
                  {gap.isBreak ? '//' : '↓'} {gap.text}
                </text>
              )}
            </g>
          ))}
        </svg>
        <Cards steps={drawn.rows} waits={drawn.waits} ghosts={drawn.ghosts} selection={selection} />
      </div>
    </>
  );
}

function Cards({
  steps,
  waits,
  ghosts,
  selection,
}: Pick<Timeline, 'steps' | 'waits' | 'ghosts'> & { readonly selection: Selection }) {
  const reachable = steps.find(({ item }) => isSelected(item, selection)) ?? steps[0];
  return (
    <>
      {steps.map(({ item, box }) => (
        <StepCard
          key={item.id}
          step={item}
          box={box}
          selection={selection}
          isReachable={item.id === reachable?.item.id}
        />
      ))}
      {waits.map(({ item, box }) => (
        <WaitBar key={item.id} wait={item} box={box} />
      ))}
      {ghosts.map(({ item, box }) => (
        <GhostCard key={item.id} ghost={item} box={box} />
      ))}
    </>
  );
}

function Lines({ edges, selection }: { readonly edges: readonly Edge[]; readonly selection: Selection }) {
  return edges.map(({ id, to, kind, path, arrow, label }) => (
    <g
      key={id}
      class={`edge is-${kind}${selection.id === to ? ' is-selected' : ''}`}
      data-leads-to={kind === 'ahead' ? '' : to}
    >
      <path class="edge-reach" d={path} />
      <path class="edge-line" d={path} />
      <path class="edge-arrow" d={arrow} />
      {label !== null && (
        <text class="gap-text" x={label.x} y={label.y - 6} text-anchor="end">
          {label.text}
        </text>
      )}
    </g>
  ));
}

function Axis({ drawn, width }: { readonly drawn: Timeline; readonly width: number }) {
  const y = AXIS_HEIGHT - 10;
  return (
    <g class="axis">
      <line class="axis-line" x1="0" x2={width} y1={y} y2={y} />
      {drawn.gaps.map((gap) => (
        <Gap key={gap.x} gap={gap} y={y} />
      ))}
      {drawn.leaders.map(({ id, atX, x, y: cardY }) => (
        <path key={id} class="leader" d={`M${atX} ${y - 4}V${y + 6}L${x} ${cardY}`} />
      ))}
    </g>
  );
}

function Gap({ gap, y }: { readonly gap: AxisGap; readonly y: number }) {
  const { x, width, text, isBreak } = gap;
  const middle = x + width / 2;
  return (
    <>
      <text class={gapClass(gap)} x={middle} y={y - 9} text-anchor="middle">
        {text}
      </text>
      <line class="gap-line" x1={x + 3} x2={x + width - 3} y1={y} y2={y} />
      {isBreak && (
        <>
          <rect class="gap-cut" x={middle - 4} y={y - 5} width="8" height="10" />
          <path class="gap-slashes" d={`M${middle - 6} ${y + 5}l4 -10M${middle + 2} ${y + 5}l4 -10`} />
        </>
      )}
    </>
  );
}

function gapClass({ isBreak, isBackwards }: Pick<AxisGap, 'isBreak' | 'isBackwards'>): string {
  return `gap-text${isBreak ? ' is-break' : ''}${isBackwards ? ' is-backwards' : ''}`;
}
