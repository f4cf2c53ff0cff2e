import { useEffect, useState } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import type { ReplayJobBody } from '../../../../../shared/runtime/dead-letters/replay-schemas.ts';
import { type Problem, problemOf } from '../api/problem.ts';
import { send } from '../api/request.ts';
import { useResource } from '../api/use-resource.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Page } from '../parts/page.tsx';
import { Loaded, ProblemNote } from '../parts/states.tsx';
import { FunctionName, Status } from '../parts/status.tsx';
import { Trail } from '../parts/trail.tsx';
import { When } from '../parts/when.tsx';
import { counted, figure } from '../parts/words.ts';
import { type Batch, batchesOf } from './batches.ts';
import { type Filter, lettersHref, replaysPath } from './places.ts';

const EVERY_MS = 500;

/** One bulk replay as it goes: a segment per batch, what came of it, and why it stopped. */
export function ReplayPage() {
  const { function: name = '', id = '' } = useRoute().params;
  const [isOver, setOver] = useState(false);
  const path = `${replaysPath(name)}/${encodeURIComponent(id)}`;
  const replay = useResource<ReplayJobBody>(path, isOver ? null : EVERY_MS);
  const isNow = replay.data !== null && ['done', 'stopped'].includes(replay.data.state);
  useEffect(() => setOver(isNow), [isNow]);
  return (
    <Page
      title={`Replay at ${foreignText(name)}`}
      trail={
        <Trail
          of={[
            ['/console/dead-letters', 'Dead letters'],
            [lettersHref(name), <FunctionName key={name} name={foreignText(name)} />],
          ]}
        />
      }
    >
      <Loaded resource={replay}>{(body) => <Replay replay={body} reload={replay.reload} />}</Loaded>
    </Page>
  );
}

function Replay({ replay, reload }: { readonly replay: ReplayJobBody; readonly reload: () => void }) {
  const { state, passed, failed, skipped, stopped, left, who, reason, startedAt, endedAt } = replay;
  const batches = batchesOf(replay);
  return (
    <>
      <section class="card stack" aria-label="State">
        <div class="row">
          <p class="grow replay-state" role="status">
            <Status of={state} /> <span class="quiet">·</span> {counted(passed, 'letter')} passed, {figure(failed)}{' '}
            failed
            {skipped > 0 && `, ${figure(skipped)} skipped`}, {figure(left)} left
          </p>
          {replay._links['stop'] !== undefined && <Stop href={replay._links['stop'].href} reload={reload} />}
        </div>
        {stopped !== null && (
          <p class="is-wait">
            ! It stopped: <span class="replay-reason">{foreignText(stopped, { max: 1_000 })}</span>
          </p>
        )}
        <Segments batches={batches} />
        <p class="quiet">
          Begun <When at={startedAt} /> by {foreignText(who)}: {foreignText(reason)}
          {endedAt !== null && (
            <>
              ; ended <When at={endedAt} />
            </>
          )}
        </p>
        {left > 0 && endedAt !== null && <Left replay={replay} />}
      </section>
      <BatchTable batches={batches} />
    </>
  );
}

function Stop({ href, reload }: { readonly href: string; readonly reload: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const stop = async () => {
    try {
      await send('DELETE', href);
    } catch (error) {
      setProblem(problemOf(error));
    }
    reload();
  };
  return (
    <>
      <button type="button" class="danger" onClick={() => void stop()}>
        Stop
      </button>
      {problem !== null && <ProblemNote problem={problem} />}
    </>
  );
}

function Left({ replay }: { readonly replay: ReplayJobBody }) {
  const { code, fingerprint, key } = replay.filter;
  const filter: Filter = { ...(code && { code }), ...(fingerprint && { fingerprint }), ...(key && { key }) };
  return (
    <p>
      <a href={lettersHref(replay.function, filter)}>{counted(replay.left, 'open dead letter')} of these left</a>
    </p>
  );
}

/** A bar with a segment for each batch, as wide as the batch is large, but never too narrow to be seen. */
function Segments({ batches }: { readonly batches: readonly Batch[] }) {
  return (
    <div class="segments" aria-hidden="true">
      {batches.map(({ number, size, passed, failed, waiting, state }) => (
        <div key={number} class={`segment segment-${state}`} style={{ flexGrow: Math.sqrt(size) }}>
          <div class="segment-passed" style={{ flexGrow: passed }} />
          <div class="segment-failed" style={{ flexGrow: failed }} />
          <div class="segment-waiting" style={{ flexGrow: waiting }} />
        </div>
      ))}
    </div>
  );
}

function BatchTable({ batches }: { readonly batches: readonly Batch[] }) {
  return (
    <section class="card" aria-label="Batches">
      <table class="batches">
        <thead>
          <tr>
            <th scope="col">Batch</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Letters
            </th>
            <th scope="col" class="number">
              Passed
            </th>
            <th scope="col" class="number">
              Failed
            </th>
            <th scope="col" class="number">
              Waiting
            </th>
          </tr>
        </thead>
        <tbody>
          {batches.map(({ number, size, passed, failed, waiting, state }) => (
            <tr key={number}>
              <th scope="row">{number}</th>
              <td>
                <Status of={state} />
              </td>
              <td class="number">{figure(size)}</td>
              <td class={passed === 0 ? 'number' : 'number is-good'}>{figure(passed)}</td>
              <td class={failed === 0 ? 'number' : 'number is-bad'}>{figure(failed)}</td>
              <td class="number">{figure(waiting)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
