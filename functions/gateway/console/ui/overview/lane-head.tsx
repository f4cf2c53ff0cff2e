import type { Backlog } from '../drawing/backlog.ts';
import { durationText } from '../drawing/durations.ts';
import { fullAt } from '../drawing/flow.ts';
import type { LiveFunction } from '../live/events.ts';
import { Status } from '../parts/status.tsx';
import { useNow } from '../parts/use-now.ts';
import { figure } from '../parts/words.ts';

const TICK_MS = 100;

/** What stands at the left of a lane: whose it is, how that function is, and what it has not read. */
export function LaneHead({
  name,
  state,
  backlog,
}: {
  readonly name: string;
  readonly state: LiveFunction | null;
  readonly backlog: Backlog | undefined;
}) {
  const unread = backlog?.unread ?? 0;
  return (
    <div class="lane-head">
      <span class="lane-bar" aria-hidden="true">
        <span style={{ '--full': `${Math.round((unread / fullAt(backlog?.most ?? 0)) * 100)}%` }} />
      </span>
      <div class="lane-words">
        <a class="lane-name" href={`/console/functions/${encodeURIComponent(name)}`}>
          {name}
        </a>
        <StateTag state={state} />
        <span class={unread > 0 ? 'lane-unread' : 'lane-unread quiet'}>{figure(unread)} unread</span>
      </div>
    </div>
  );
}

/** `✓ up`, or `✕ away 8.2 s`, which counts. */
function StateTag({ state }: { readonly state: LiveFunction | null }) {
  const isWaiting = state !== null && state.state !== 'up';
  const nowMs = useNow(isWaiting ? TICK_MS : null);
  if (state === null) return <span class="quiet">…</span>;
  return (
    <span class={isWaiting ? 'tag' : undefined} title={state.detail ?? undefined}>
      <Status of={state.state} />
      {isWaiting && ` ${durationText(Math.max(nowMs - state.sinceMs, 0))}`}
    </span>
  );
}
