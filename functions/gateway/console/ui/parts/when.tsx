import { momentText } from '../drawing/durations.ts';
import { foreignText } from './foreign-text.ts';

/** A moment by this browser's clock face, with its day unless that is today; the whole of it in UTC as a tooltip. */
export function When({ at }: { readonly at: string | null }) {
  if (at === null) return <span class="quiet">–</span>;
  const whole = foreignText(at, { max: 64 });
  const atMs = Date.parse(at);
  return (
    <time dateTime={at} title={whole}>
      {Number.isNaN(atMs) ? whole : momentText(atMs, Date.now())}
    </time>
  );
}
