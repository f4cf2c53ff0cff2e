/** The first page: how the store is in one sentence, the saga as it moves, and what can be tried. */
import { useEffect, useMemo } from 'preact/hooks';
import type { StoreBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { useResource } from '../api/use-resource.ts';
import { graphOf } from '../drawing/saga-graph.ts';
import { useLive } from '../live/use-live.ts';
import '../look/overview.css';
import { Page } from '../parts/page.tsx';
import { PausedNote } from '../parts/paused-note.tsx';
import { Loaded } from '../parts/states.tsx';
import { useMedia } from '../parts/use-media.ts';
import { BreakIt } from './break-it.tsx';
import { Latency, Throughput } from './charts.tsx';
import { LaneList } from './lane-list.tsx';
import { LastMessages } from './last-messages.tsx';
import { Load } from './load.tsx';
import { SagaMap } from './saga-map.tsx';
import { Sentence } from './sentence.tsx';
import { StepsTable } from './steps-table.tsx';
import { Stock } from './stock.tsx';
import { TryIt } from './try-it.tsx';
import { useFollowing } from './use-overview.ts';

/** Below it lanes stack, as the style sheet has it. */
const NARROW = '(max-width: 719px)';

export function OverviewPage() {
  const store = useResource<StoreBody>('/operations/store');
  const reconnects = useLive().reconnects.value;
  useEffect(() => void store.reload(), [reconnects]);
  return (
    <Page title="Overview" actions={<PausedNote />}>
      <Loaded resource={store}>{(body) => <Content store={body} reconnects={reconnects} />}</Loaded>
    </Page>
  );
}

function Content({ store, reconnects }: { readonly store: StoreBody; readonly reconnects: number }) {
  const { saga, automation } = store;
  const graph = useMemo(() => graphOf(saga), [saga]);
  const isNarrow = useMedia(NARROW);
  useFollowing(saga);
  return (
    <>
      <section class="stack map-section" aria-label="The saga now">
        <Sentence saga={saga} />
        {isNarrow ? <LaneList saga={saga} graph={graph} /> : <SagaMap saga={saga} graph={graph} />}
        <StepsTable saga={saga} />
      </section>
      {automation && (
        <div class="tiles">
          <TryIt />
          <BreakIt names={saga.functions} />
          <Load />
        </div>
      )}
      <div class="tiles">
        <Throughput />
        <Latency />
        <Stock automation={automation} reconnects={reconnects} />
      </div>
      <LastMessages saga={saga} />
    </>
  );
}
