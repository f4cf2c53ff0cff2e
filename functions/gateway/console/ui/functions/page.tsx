/** How one function is: whether it works, how far it has read, how fast it commits, and what became of its messages. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import type { FunctionBody, FunctionsBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { useResource } from '../api/use-resource.ts';
import { lettersHref } from '../dead-letters/places.ts';
import { durationText } from '../drawing/durations.ts';
import { formatBytes } from '../drawing/format.ts';
import { useLive } from '../live/use-live.ts';
import '../look/functions.css';
import { foreignText } from '../parts/foreign-text.ts';
import { Page } from '../parts/page.tsx';
import { PausedNote } from '../parts/paused-note.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { Trail } from '../parts/trail.tsx';
import { When } from '../parts/when.tsx';
import { figure } from '../parts/words.ts';
import { MessageTable } from './message-table.tsx';
import { Topics } from './topics.tsx';

const READ_MS = 2_000;

export function FunctionPage() {
  const { params } = useRoute();
  const name = params['name'] ?? '';
  const functions = useResource<FunctionsBody>('/operations/functions', READ_MS);
  const reconnects = useLive().reconnects.value;
  useEffect(() => void functions.reload(), [reconnects]);
  return (
    <Page
      title={foreignText(name, { max: 64 })}
      trail={<Trail of={[['/console', 'Overview']]} />}
      actions={<PausedNote />}
    >
      <Loaded resource={functions}>
        {({ functions: all }) => {
          const found = all.find((each) => each.name === name);
          return (
            <>
              <OtherFunctions all={all} name={name} />
              {found === undefined ? (
                <Empty>
                  <p>
                    This store has no function {foreignText(name, { max: 64 })}. It has{' '}
                    {all.map((each) => each.name).join(', ')}.
                  </p>
                </Empty>
              ) : (
                <Content of={found} />
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function OtherFunctions({ all, name }: { readonly all: readonly FunctionBody[]; readonly name: string }) {
  return (
    <nav aria-label="Functions" class="function-tabs">
      <ul class="row">
        {all.map((each) => (
          <li key={each.name}>
            <a
              href={`/console/functions/${encodeURIComponent(each.name)}`}
              class={`of-${each.name}`}
              aria-current={each.name === name ? 'page' : undefined}
            >
              {each.name}
            </a>{' '}
            <Status of={each.state} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Content({ of }: { readonly of: FunctionBody }) {
  return (
    <>
      {of.state !== 'up' && (
        <p class="card" role="status">
          <Status of={of.state} /> {of.detail === null ? '' : `${of.detail}.`}{' '}
          {of.state === 'away' && 'What comes for it waits in its topics; nothing is lost.'}
        </p>
      )}
      <Figures of={of} />
      <Topics name={of.name} />
      <MessageTable messages={of.messages} isAway={of.state === 'away'} name={of.name} />
    </>
  );
}

function Figures({ of }: { readonly of: FunctionBody }) {
  const { commitMs } = of;
  return (
    <section class="card" aria-label="Figures">
      <dl class="figures">
        <Figure name="State">
          <Status of={of.state} />
        </Figure>
        <Figure name="Started">
          <When at={of.startedAt} />
        </Figure>
        <Figure name="Parked" isBad={(of.parked ?? 0) > 0}>
          {numberOr(of.parked)}
        </Figure>
        <Figure name="Dead letters" isBad={(of.deadLetters ?? 0) > 0}>
          {of.deadLetters === null ? '–' : <a href={lettersHref(of.name)}>{figure(of.deadLetters)}</a>}
        </Figure>
        <Figure name="Commit p50">{commitMs?.p50 == null ? '–' : durationText(commitMs.p50)}</Figure>
        <Figure name="Commit p99">{commitMs?.p99 == null ? '–' : durationText(commitMs.p99)}</Figure>
        <Figure name="Commits in 60 s">{commitMs === null ? '–' : figure(commitMs.count)}</Figure>
        <Figure name="Write-ahead log">{of.walBytes === null ? '–' : formatBytes(of.walBytes)}</Figure>
        <Figure name="Clock">{of.clockSkewMs === null ? '–' : skewText(of.clockSkewMs)}</Figure>
        <Figure name="Paused lanes" isBad={of.pausedTopics.length > 0}>
          {pausedText(of)}
        </Figure>
      </dl>
    </section>
  );
}

function Figure({
  name,
  isBad = false,
  children,
}: {
  readonly name: string;
  readonly isBad?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={isBad ? 'is-wait' : undefined}>{children}</dd>
    </div>
  );
}

function pausedText({ state, pausedTopics }: FunctionBody): string {
  if (state === 'away') return '–';
  return pausedTopics.length === 0 ? 'none' : pausedTopics.join(', ');
}

function numberOr(count: number | null): string {
  return count === null ? '–' : figure(count);
}

/** Less than what the way there may take is nothing. */
const SKEW_MIN_MS = 5;

function skewText(ms: number): string {
  if (Math.abs(ms) < SKEW_MIN_MS) return 'as the gateway';
  return `${durationText(ms)} ${ms > 0 ? 'ahead' : 'behind'}`;
}
