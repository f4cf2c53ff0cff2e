import type { ResolvedBody } from '../../../../../shared/runtime/dead-letters/schemas.ts';
import { TextBlock, textOf } from '../parts/contents.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { counted } from '../parts/words.ts';

type Foreseen = NonNullable<ResolvedBody['foreseen']>;

const SHOWN_MAX = 2_000;

/** What a dry run says that the message would do: its outcome, events, rows, error. */
export function ForeseenView({ of }: { readonly of: Foreseen }) {
  const { outcome, events, writes, error } = of;
  if (error !== null) {
    return (
      <section class="stack" aria-label="Dry run">
        <p>
          <strong class="is-bad">✕ It would not be handled</strong> <span class="quiet">({outcome})</span>
        </p>
        <TextBlock text={error} name="Error of the dry run" />
      </section>
    );
  }
  return (
    <section class="stack" aria-label="Dry run">
      <p>
        <strong class="is-good">✓ It would be {outcome}</strong>: {counted(events.length, 'event')},{' '}
        {counted(writes.length, 'row')}.
      </p>
      <ul class="foreseen">
        {events.map((event, n) => (
          <Entry key={`event ${n}`} kind="event" name={textOf(event['type'])} value={event['data']} />
        ))}
        {writes.map(({ table, row, removed }, n) => (
          <Entry key={`row ${n}`} kind={removed ? 'row removed' : 'row'} name={table} value={row} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ kind, name, value }: { readonly kind: string; readonly name: string; readonly value: unknown }) {
  return (
    <li>
      <details>
        <summary>
          <span class="quiet">{kind}</span> {foreignText(name, { max: 128 })}
        </summary>
        <TextBlock text={JSON.stringify(value, null, 2) ?? ''} name={`${kind} ${foreignText(name, { max: 128 })}`} />
      </details>
    </li>
  );
}

/** The changes of an edit, by the store: a removed line and an added line for each place. */
export function DiffView({ of }: { readonly of: NonNullable<ResolvedBody['diff']> }) {
  if (of.length === 0) return <p class="quiet">The data are the same.</p>;
  return (
    <ul class="diff mono" aria-label="Differences">
      {of.map((each) => (
        <li key={each.pointer}>
          <span class="quiet">{foreignText(each.pointer === '' ? 'the whole of it' : each.pointer)}</span>
          {'before' in each && <del>− {foreignText(textOf(each.before), { max: SHOWN_MAX })}</del>}
          {'after' in each && <ins>+ {foreignText(textOf(each.after), { max: SHOWN_MAX })}</ins>}
        </li>
      ))}
    </ul>
  );
}

/** What waits for the resolution. `isOver`: whether it would go on then. */
export function BehindView({ behind, isOver }: { readonly behind: number; readonly isOver: boolean }) {
  if (behind === 0) return <p class="quiet">No message waits behind it.</p>;
  const words = behind === 1 ? ['continues', 'waits on'] : ['continue', 'wait on'];
  return (
    <p>
      {counted(behind, 'message')} behind it {words[isOver ? 0 : 1]} then.
    </p>
  );
}
