import { useLive } from '../live/use-live.ts';

/** Says that what is shown is no longer live, and since when; shows nothing while it is. */
export function PausedNote() {
  const sinceMs = useLive().pausedSinceMs.value;
  return (
    <p role="status" class="is-wait">
      {sinceMs !== null && (
        <>
          <span aria-hidden="true">‖</span> Paused since {timeOfDay(sinceMs)}
        </>
      )}
    </p>
  );
}

function timeOfDay(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}
