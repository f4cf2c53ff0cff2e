import type { Why } from '../../../../order/why.ts';
import { CommandLine } from '../parts/copy-button.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { FunctionName } from '../parts/status.tsx';
import { Since, Until } from '../parts/ticking.tsx';
import { counted } from '../parts/words.ts';
import { adviceFor } from './advice.ts';

/** Where the order waits, in the words of the store; nothing where it waits for nothing. `productIds`: those that it is about. */
export function WhyPanel({ why, productIds }: { readonly why: Why; readonly productIds: readonly string[] }) {
  const { orderId, summary, waits, hasOutcome } = why;
  if (hasOutcome && waits.length === 0) return null;
  return (
    <section class="card stack why" aria-labelledby="why-title">
      <h2 id="why-title">Why it {hasOutcome ? 'still waits' : 'has no outcome yet'}</h2>
      <p class="why-summary" role="status">
        {foreignText(summary, { max: 1_000 })}
      </p>
      <ul class="why-waits">
        {waits.map((wait, index) => (
          <WaitRow
            key={`${index} ${wait.at} ${wait.kind}`}
            wait={wait}
            productIds={productIds}
            isSaid={summary.endsWith(wait.detail)}
          />
        ))}
      </ul>
      <CommandLine text={`npm run why ${orderId}`} />
    </section>
  );
}

/** What no time heals is bad; a deadline blocks nothing. */
function WaitKind({ kind }: Pick<Why['waits'][number], 'kind'>) {
  const isOver = kind === 'dead_letter' || kind === 'discarded';
  const look = kind === 'deadline' ? 'quiet' : isOver ? 'is-bad' : 'is-wait';
  return (
    <span class={look}>
      {kind !== 'deadline' && <span aria-hidden="true">{isOver ? '✕' : '◐'} </span>}
      {kind.replaceAll('_', ' ')}
    </span>
  );
}

/** `isSaid`: the summary says it already. */
function WaitRow({
  wait,
  productIds,
  isSaid,
}: {
  readonly wait: Why['waits'][number];
  readonly productIds: readonly string[];
  readonly isSaid: boolean;
}) {
  const { at, kind, detail, error, since, until, attempt, place } = wait;
  const { command, link } = adviceFor(wait, productIds);
  return (
    <li class="why-wait">
      <p class="why-where">
        <strong>
          <FunctionName name={at} />
        </strong>{' '}
        <WaitKind kind={kind} />
        {since !== undefined && (
          <span>
            {' '}
            <span class="quiet">since</span> <Since at={since} />
          </span>
        )}
        {until !== undefined && (
          <span>
            {' '}
            <span class="quiet">{kind === 'deadline' ? 'ends' : '· tried again'}</span> <Until at={until} />
          </span>
        )}
        {attempt !== undefined && <span class="quiet"> · {counted(attempt, 'attempt')} so far</span>}
        {place !== undefined && <span class="quiet"> at place {place}</span>}
      </p>
      {!isSaid && <p>{foreignText(detail, { max: 1_000 })}</p>}
      {error !== undefined && <p class="mono is-bad">{foreignText(error, { max: 500 })}</p>}
      <div class="row">
        {link !== null && <a href={link.href}>{foreignText(link.text)}</a>}
        {command !== null && <CommandLine text={command} />}
      </div>
    </li>
  );
}
