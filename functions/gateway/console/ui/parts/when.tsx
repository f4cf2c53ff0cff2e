import { foreignText } from './foreign-text.ts';

const DAY = 10;

/** A moment by this browser's clock face, with its day unless that is today; the whole of it in UTC as a tooltip. */
export function When({ at }: { readonly at: string | null }) {
  if (at === null) return <span class="quiet">–</span>;
  return (
    <time dateTime={at} title={foreignText(at, { max: 64 })}>
      {clockFace(at)}
    </time>
  );
}

function clockFace(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return foreignText(at, { max: 64 });
  const local = isoOf(date);
  const time = local.slice(DAY + 1, -1);
  return local.slice(0, DAY) === isoOf(new Date()).slice(0, DAY) ? time : `${local.slice(0, DAY)} ${time}`;
}

/** Like ISO 8601, by the clock of this browser. */
function isoOf(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
}
