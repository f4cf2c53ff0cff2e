import { tickingText } from '../drawing/durations.ts';
import { useNow } from './use-now.ts';

const SECOND_MS = 1_000;

/** How long ago a moment was, while it gets longer. */
export function Since({ at }: { readonly at: string }) {
  const nowMs = useNow(SECOND_MS);
  return (
    <time dateTime={at} title={at}>
      {tickingText(nowMs - Date.parse(at))}
    </time>
  );
}

/** How long it is to a moment, down to now. */
export function Until({ at }: { readonly at: string }) {
  const leftMs = Date.parse(at) - useNow(SECOND_MS);
  return (
    <time dateTime={at} title={at}>
      {leftMs > 0 ? `in ${tickingText(leftMs + SECOND_MS - 1)}` : 'now'}
    </time>
  );
}
