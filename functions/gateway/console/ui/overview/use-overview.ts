/** What the overview shows of the stream: the last five minutes, what flows now, and what has gathered. It stays while pages change. */
import { type ReadonlySignal, signal, useSignalEffect } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { TickBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';
import { type Backlogs, withTick as backlogsWithTick } from '../drawing/backlog.ts';
import { outcomesOf, type Samples, withTick as samplesWithTick, withAbsent, withOutcomes } from '../drawing/flow.ts';
import { emptyHistory, type History, withTick as historyWithTick } from '../drawing/history.ts';
import type { Saga } from '../drawing/saga-graph.ts';
import { useLive } from '../live/use-live.ts';

const figures = signal<TickBody | null>(null);
const samples = signal<Samples>([]);
const history = signal<History>(emptyHistory);
const backlogs = signal<Backlogs>(new Map());

export interface Overview {
  /** The newest tick; of functions that do not answer, their last figures. */
  readonly figures: ReadonlySignal<TickBody | null>;
  readonly samples: ReadonlySignal<Samples>;
  readonly history: ReadonlySignal<History>;
  readonly backlogs: ReadonlySignal<Backlogs>;
}

/** What the components of the page read; {@link useFollowing} fills it. */
export const overview: Overview = { figures, samples, history, backlogs };

/** Follows the stream, once for the page. */
export function useFollowing(saga: Saga): void {
  const outcomes = useMemo(() => outcomesOf(saga), [saga]);
  const { tick, functions } = useLive();
  useSignalEffect(() => {
    if (tick.value === null) return;
    const now = withOutcomes(withAbsent(tick.value, figures.peek()), outcomes);
    const nowMs = Date.now();
    const states = functions.peek();
    const all = saga.functions.map((name) => ({ name, isAway: (states.get(name)?.state ?? 'up') !== 'up' }));
    figures.value = now;
    samples.value = samplesWithTick(samples.peek(), now, nowMs);
    history.value = historyWithTick(history.peek(), now, nowMs);
    backlogs.value = backlogsWithTick(backlogs.peek(), now, all);
  });
}
