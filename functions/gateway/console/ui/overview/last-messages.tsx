import { useEffect, useRef, useState } from 'preact/hooks';
import type { CommittedBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';
import type { Saga } from '../drawing/saga-graph.ts';
import { useLiveMessages } from '../live/use-live.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Scroll } from '../parts/scroll.tsx';
import { FunctionName, Status } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';
import { figure } from '../parts/words.ts';

const SHOWN_MAX = 50;
const PAINT_MS = 250;

/** What functions committed last, the newest first. It can be held, to be read. */
export function LastMessages({ saga }: { readonly saga: Saga }) {
  const newest = useRef<readonly CommittedBody[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const [shown, setShown] = useState<readonly CommittedBody[]>([]);
  const left = useRef(0);
  const [leftOut, setLeftOut] = useState(0);
  const [isHeld, setHeld] = useState(false);
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  useEffect(() => {
    if (isHeld) return;
    setShown(newest.current);
    setLeftOut(left.current);
  }, [isHeld]);
  useLiveMessages(({ messages, skipped }) => {
    // Each function sends for itself; in one batch their clocks order them.
    const batch = messages.toSorted((a, b) => (a.time < b.time ? 1 : -1));
    newest.current = [...batch, ...newest.current].slice(0, SHOWN_MAX);
    left.current += skipped;
    if (isHeld) return;
    timer.current ??= setTimeout(() => {
      timer.current = null;
      setShown(newest.current);
      setLeftOut(left.current);
    }, PAINT_MS);
  });
  return (
    <section class="card stack" aria-labelledby="messages">
      <div class="row">
        <h2 id="messages" class="grow">
          Last {SHOWN_MAX} messages
        </h2>
        <button type="button" aria-pressed={isHeld} onClick={() => setHeld(!isHeld)}>
          {isHeld ? 'Go on' : 'Hold'}
        </button>
      </div>
      {leftOut > 0 && (
        <p class="quiet">A sample of each kind: {figure(leftOut)} more came since this page was opened.</p>
      )}
      {shown.length === 0 ? (
        <p class="quiet">Nothing has happened since this page was opened.</p>
      ) : (
        <Scroll label="Last messages" look="messages-scroll">
          <table class="messages">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Function</th>
                <th scope="col">Handled</th>
                <th scope="col">Outcome</th>
                <th scope="col">Key</th>
                <th scope="col">Message</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((message) => (
                <Row
                  key={`${message.function} ${message.id} ${message.outcome} ${message.time}`}
                  message={message}
                  saga={saga}
                />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

function Row({ message, saga }: { readonly message: CommittedBody; readonly saga: Saga }) {
  const { time, type, outcome, key, id } = message;
  return (
    <tr>
      <td class="mono">
        <When at={time} />
      </td>
      <td>
        <FunctionName name={message.function} />
      </td>
      <td>{foreignText(type, { max: 64 })}</td>
      <td>
        <Status of={outcome} />
      </td>
      <td class="mono">
        {isAboutOrder(saga, type) ? (
          <a href={`/console/orders/${encodeURIComponent(key)}`}>{foreignText(key, { max: 64 })}</a>
        ) : (
          foreignText(key, { max: 64 })
        )}
      </td>
      <td class="mono quiet">{foreignText(id, { max: 64 })}</td>
    </tr>
  );
}

/** Whether what the type is about has a page among the orders: it makes a status, or what makes one follows from it. */
function isAboutOrder({ steps, transitions }: Saga, type: string): boolean {
  const makes = (event: string) => transitions.some((transition) => transition.event === event);
  return makes(type) || steps.some(({ on, emits }) => on === type && emits.some(makes));
}
