import './order.css';
import './timeline.css';
import { useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { StoreBody } from '../../../../../shared/runtime/inspect/representation.ts';
import type { TraceBody } from '../../../../../shared/runtime/inspect/trace-representation.ts';
import type { OrderBody } from '../../../../order/representation.ts';
import type { Why } from '../../../../order/why.ts';
import { useResource } from '../api/use-resource.ts';
import { stepsOf } from '../drawing/causal-order.ts';
import { aheadOf } from '../drawing/what-follows.ts';
import { useLiveKey } from '../live/use-live.ts';
import { useReload } from '../live/use-reload.ts';
import { orderHref } from '../orders/places.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Page } from '../parts/page.tsx';
import { PausedNote } from '../parts/paused-note.tsx';
import { Loaded, ProblemNote, Skeleton } from '../parts/states.tsx';
import { awayText } from '../parts/words.ts';
import { OrderHead, useOrderCommands } from './order-head.tsx';
import { RawView } from './raw-view.tsx';
import { StatesView } from './states-view.tsx';
import { Legend, type Selection } from './step-card.tsx';
import { TimelineView } from './timeline-view.tsx';
import { WhyPanel } from './why-panel.tsx';

/** Also without a message: the stream may lose, and who has sent a notice is not in it. */
const EVERY_MS = 3_000;
const WHY_EVERY_MS = 2_000;

/** One order: what it is, why it waits, and its saga as a timeline, as statuses, and as messages. */
export function OrderPage() {
  const { params } = useRoute();
  const orderId = params['id'] ?? '';
  const path = `/orders/${encodeURIComponent(orderId)}`;
  const order = useResource<OrderBody>(path, EVERY_MS);
  const [isAtRest, setAtRest] = useState(false);
  const why = useResource<Why>(`${path}/why`, isAtRest ? null : WHY_EVERY_MS);
  const trace = useResource<TraceBody>(`/operations/trace/${encodeURIComponent(orderId)}`, EVERY_MS);
  const store = useResource<StoreBody>('/operations/store');
  const isOver = why.data?.hasOutcome === true && why.data.waits.length === 0;
  if (isOver !== isAtRest) setAtRest(isOver);
  const reload = () => {
    order.reload();
    why.reload();
    trace.reload();
  };
  useReload(useLiveKey(orderId), reload);
  const { buttons, dialog, problem } = useOrderCommands(order.data, reload);
  return (
    <Page
      title={foreignText(orderId, { max: 64 })}
      actions={
        <>
          <PausedNote />
          {buttons}
        </>
      }
    >
      {problem}
      {why.data !== null && order.data !== null && (
        <WhyPanel why={why.data} productIds={order.data.items.map(({ productId }) => productId)} />
      )}
      <Loaded resource={order}>{(body) => <OrderHead order={body} />}</Loaded>
      {[trace, store].map(({ problem: of, reload: again }, index) =>
        of === null ? null : <ProblemNote key={index} problem={of} retry={again} />,
      )}
      {order.data !== null && trace.data !== null && store.data !== null ? (
        <Saga order={order.data} why={why.data} trace={trace.data} saga={store.data.saga} />
      ) : (
        trace.problem === null && store.problem === null && order.data !== null && <Skeleton />
      )}
      {dialog}
    </Page>
  );
}

function Saga({
  order,
  why,
  trace,
  saga,
}: {
  readonly order: OrderBody;
  readonly why: Why | null;
  readonly trace: TraceBody;
  readonly saga: StoreBody['saga'];
}) {
  const { route, query } = useLocation();
  const [byClock, setByClock] = useState(false);
  const [foldsNotices, setFolds] = useState(true);
  const selection: Selection = {
    id: query['m'] ?? null,
    select: (id) => route(orderHref(order.orderId, id), true),
  };
  const traced = stepsOf(trace.nodes, saga, { foldsNotices });
  const waits = why?.waits ?? [];
  const ahead = aheadOf(traced, saga, { waits, status: order.status, hasOutcome: why?.hasOutcome ?? true });
  return (
    <>
      <section class="card stack" aria-labelledby="timeline-title">
        <div class="row">
          <h2 id="timeline-title" class="grow">
            Timeline
          </h2>
          <label class="check clock-check">
            <input type="checkbox" checked={byClock} onChange={() => setByClock(!byClock)} />
            Clock scale
          </label>
          <label class="check">
            <input type="checkbox" checked={!foldsNotices} onChange={() => setFolds(!foldsNotices)} />
            Each notice
          </label>
        </div>
        {trace.away.length > 0 && (
          <p class="is-wait">
            {awayText(trace.away)}; what {trace.away.length === 1 ? 'it' : 'they'} wrote may be missing.
          </p>
        )}
        {!trace.isWhole && <p class="is-wait">There is more than was read; the oldest messages are shown.</p>}
        <TimelineView traced={traced} ahead={ahead} away={trace.away} byClock={byClock} selection={selection} />
        <Legend />
      </section>
      <div class="order-halves">
        <section class="card stack" aria-labelledby="states-title">
          <h2 id="states-title">Statuses</h2>
          <StatesView saga={saga} steps={traced.steps} status={order.status} selection={selection} />
        </section>
        <section class="card stack" aria-labelledby="raw-title">
          <h2 id="raw-title">Messages</h2>
          <RawView steps={traced.steps} selection={selection} />
        </section>
      </div>
    </>
  );
}
