/** The cards of a timeline. Both its forms use them. */
import type { ReadBody } from '../../../../../shared/runtime/inspect/trace-representation.ts';
import type { TraceStep } from '../drawing/causal-order.ts';
import { clockText, tickingText } from '../drawing/durations.ts';
import { GHOST_LINES_MAX, waitWidth } from '../drawing/timeline.ts';
import type { Box } from '../drawing/timeline-edges.ts';
import type { Ghost, OpenWait } from '../drawing/what-follows.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { useNow } from '../parts/use-now.ts';

const TICK_MS = 1_000;

export interface Selection {
  /** The id of the message that is selected; null: none. */
  readonly id: string | null;
  select(id: string): void;
}

export function isSelected({ nodes }: TraceStep, { id }: Selection): boolean {
  return nodes.some((node) => node.id === id);
}

/** A place in pixels, for a style: the policy of the page allows it to scripts. */
function placed({ x, y, width, height }: Box) {
  return { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` };
}

/** One step. `isReachable`: the one that the Tab key comes to; the arrow keys lead to the others. */
export function StepCard({
  step,
  box,
  selection,
  isReachable,
}: {
  readonly step: TraceStep;
  readonly box: Box;
  readonly selection: Selection;
  readonly isReachable: boolean;
}) {
  const { id, lane, type, atMs, reads, kind } = step;
  return (
    <button
      type="button"
      class={`step is-at-${lane}`}
      style={placed(box)}
      tabIndex={isReachable ? 0 : -1}
      data-step={id}
      aria-pressed={isSelected(step, selection)}
      onClick={() => selection.select(id)}
    >
      <span class="step-type">{foreignText(type.replace(/ notice$/, ''), { max: 64 })}</span>
      <span class="visually-hidden"> at {lane} </span>
      <span class="step-end">
        <span class="step-time">
          {kind === 'notice' ? noticeText(step) : atMs === null ? 'time not stored' : clockText(atMs)}
        </span>
        <span class="step-reads">
          {reads.map((read) => (
            <ReadMark key={read.by} read={read} />
          ))}
        </span>
      </span>
    </button>
  );
}

/** How the sending of notices goes: `2 sent`, or `1 sent, 1 pending`. */
function noticeText({ nodes }: TraceStep): string {
  const counts = new Map<string, number>();
  for (const { notice } of nodes) {
    const status = notice?.status ?? 'unknown';
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return [...counts].map(([status, count]) => `${count} ${foreignText(status, { max: 16 })}`).join(', ');
}

/** Who has read a message: filled when handled, half when parked, crossed when dead, empty when unread. */
function ReadMark({ read: { by, state } }: { readonly read: Pick<ReadBody, 'by' | 'state'> }) {
  return (
    <span class={`read of-${by} is-${state}`} title={`${by}: ${state}`}>
      <span class="visually-hidden">
        {' '}
        {by}: {state}
      </span>
    </span>
  );
}

/** What may come next. */
export function GhostCard({ ghost, box }: { readonly ghost: Ghost; readonly box: Box }) {
  const { types, lane } = ghost;
  const shown = types.slice(0, types.length > GHOST_LINES_MAX ? GHOST_LINES_MAX - 1 : GHOST_LINES_MAX);
  const left = types.length - shown.length;
  return (
    <div class={`ghost is-at-${lane}`} style={placed(box)}>
      <span class="visually-hidden">May follow at {lane}: </span>
      {shown.map((type) => (
        <span key={type} class="step-type">
          {foreignText(type, { max: 64 })}
        </span>
      ))}
      {left > 0 && <span>{left} others</span>}
    </div>
  );
}

/** An open wait: its bar grows with the browser's clock. */
export function WaitBar({ wait, box }: { readonly wait: OpenWait; readonly box: Box }) {
  const nowMs = useNow(TICK_MS);
  const { sinceMs, kind, lane } = wait;
  const elapsedMs = sinceMs === null ? null : Math.max(0, nowMs - sinceMs);
  const width = elapsedMs === null ? box.width : Math.min(box.width, waitWidth(elapsedMs));
  return (
    <div class="wait" style={placed(box)}>
      <span class="wait-bar" style={{ width: `${width}px` }} />
      <span class="wait-text">
        <span class="visually-hidden">{lane}: </span>
        {kind === 'unavailable' ? 'does not answer' : kind.replaceAll('_', ' ')}
        {elapsedMs !== null && ` ${tickingText(elapsedMs)}`}
      </span>
    </div>
  );
}

const states = ['handled', 'parked', 'dead', 'unread', 'unknown'] as const;

/** What the marks and lines of a timeline say. */
export function Legend() {
  return (
    <ul class="timeline-legend quiet" aria-label="Legend">
      {states.map((state) => (
        <li key={state}>
          <span class={`read is-${state}`} aria-hidden="true" /> {state}
        </li>
      ))}
      <li>
        <span class="legend-line is-pivot" aria-hidden="true" /> pivot: from here it does not fail any more
      </li>
      <li>
        <span class="legend-line is-compensation" aria-hidden="true" /> undoes
      </li>
      <li>
        <span class="legend-ghost" aria-hidden="true" /> may follow
      </li>
    </ul>
  );
}
