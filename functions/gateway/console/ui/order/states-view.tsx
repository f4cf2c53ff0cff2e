import { useRef } from 'preact/hooks';
import type { Saga, TraceStep } from '../drawing/causal-order.ts';
import { clockText } from '../drawing/durations.ts';
import { STATE, statesOf } from '../drawing/states.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { useWidth } from '../parts/use-size.ts';
import type { Selection } from './step-card.tsx';
import { useLineClicks } from './use-timeline-input.ts';

/** In pixels; then the good way goes down. */
const NARROW = 460;

/** The statuses of the order: the way it went, where it is, and where it can go. */
export function StatesView({
  saga,
  steps,
  status,
  selection,
}: {
  readonly saga: Saga;
  readonly steps: readonly TraceStep[];
  readonly status: string;
  readonly selection: Selection;
}) {
  const frame = useRef<HTMLDivElement>(null);
  useLineClicks(frame, selection.select);
  const isNarrow = (useWidth(frame) ?? NARROW) < NARROW;
  const states = statesOf(saga, steps, status, { isNarrow });
  const current = states.boxes.find(({ look }) => look === 'current')?.name ?? '';
  const possible = states.boxes.filter(({ look }) => look === 'possible').map(({ name }) => name);
  const next = possible.length === 0 ? 'nothing more' : possible.join(' or ');
  return (
    <div class="states" ref={frame}>
      <svg
        viewBox={`0 0 ${states.width} ${states.height}`}
        class={`states-svg${isNarrow ? ' is-narrow' : ''}`}
        role="img"
        aria-label={`The order is ${current}; ${next} can follow`}
      >
        {states.edges.map(({ id, path, arrow, look, event, step }) => (
          <g
            key={id}
            class={`state-edge is-${look}${step !== null && step.id === selection.id ? ' is-selected' : ''}`}
            data-leads-to={step?.id ?? ''}
          >
            <title>{event}</title>
            <path class="edge-reach" d={path} />
            <path class="edge-line" d={path} />
            <path class="edge-arrow" d={arrow} />
          </g>
        ))}
        {states.boxes.map(({ name, x, y, look }) => (
          <g key={name} class={`state is-${look}`}>
            <rect x={x} y={y} width={STATE.width} height={STATE.height} rx="7" />
            <text x={x + STATE.width / 2} y={y + STATE.height / 2 + 4.5} text-anchor="middle">
              {foreignText(name, { max: 16 })}
            </text>
          </g>
        ))}
        {states.edges.map(({ id, step }) =>
          step === null || step.atMs === null || id.startsWith('- ') ? null : (
            <g key={id}>
              <rect class="state-time-box" x={step.x - 38} y={step.y - 9} width="76" height="18" rx="5" />
              <text class="state-time-text" x={step.x} y={step.y + 4} text-anchor="middle">
                {clockText(step.atMs)}
              </text>
            </g>
          ),
        )}
      </svg>
    </div>
  );
}
