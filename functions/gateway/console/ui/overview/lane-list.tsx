/** The saga map where there is no room for ways: the lanes as lists of what they emit. */
import { countsOf } from '../drawing/flow.ts';
import type { Saga, SagaGraph } from '../drawing/saga-graph.ts';
import { useLive } from '../live/use-live.ts';
import { figure } from '../parts/words.ts';
import { LaneHead } from './lane-head.tsx';
import { pointedAt } from './pointed-at.ts';
import { overview } from './use-overview.ts';

export function LaneList({ saga, graph }: { readonly saga: Saga; readonly graph: SagaGraph }) {
  const { functions } = useLive();
  const figures = overview.figures.value;
  const counts = figures === null ? new Map<string, number>() : countsOf(saga, graph, figures);
  return (
    <ul class="lane-list">
      {graph.lanes.map((name) => {
        const state = functions.value.get(name) ?? null;
        const isAway = state !== null && state.state !== 'up';
        const looks = [
          `lane of-${name}`,
          isAway ? 'is-away' : '',
          pointedAt.value.includes(name) ? 'is-pointed-at' : '',
        ];
        const nodes = graph.nodes.filter(({ lane }) => lane === name).toSorted((a, b) => a.column - b.column);
        return (
          <li key={name} class={looks.join(' ')}>
            <LaneHead name={name} state={state} backlog={overview.backlogs.value.get(name)} />
            <ul class="lane-events">
              {nodes.map(({ id, kind, isPivot }) => (
                <li key={id} class={isPivot ? 'is-pivot' : undefined}>
                  <span>{kind === 'end' ? `notice of ${id.split('@')[0]}` : id}</span>
                  <span class="number">{counts.has(id) ? figure(counts.get(id) ?? 0) : '–'}</span>
                </li>
              ))}
            </ul>
          </li>
        );
      })}
    </ul>
  );
}
