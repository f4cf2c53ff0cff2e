/** The last five minutes: how many orders ended how, and how long that took. */
import { useMemo } from 'preact/hooks';
import { durationText } from '../drawing/durations.ts';
import { formatRate } from '../drawing/format.ts';
import { type History, KEPT_S, latencyColumns, rowsOf, type Second, throughputColumns } from '../drawing/history.ts';
import { Chart, type Line } from '../parts/chart.tsx';
import { TableOf } from '../parts/table-of.tsx';
import { overview } from './use-overview.ts';

const known: readonly Line[] = [
  { name: 'confirmed', look: 'is-good' },
  { name: 'rejected', look: 'is-bad', dash: [7, 3] },
  { name: 'cancelled', look: 'quiet', dash: [2, 3] },
];
const latencies: readonly Line[] = [
  { name: 'p50', look: 'of-order' },
  { name: 'p99', look: 'is-wait', dash: [7, 3] },
];
const ROW_S = 10;
/** What happened before the page was opened is not known to it. */
const EMPTY = 'No order was seen to end in the last five minutes.';

export function Throughput() {
  const history = overview.history.value;
  const lines = useMemo(() => linesFor(history), [Object.keys(history.outcomes ?? {}).join()]);
  const columns = useMemo(
    () =>
      throughputColumns(
        history,
        lines.map(({ name }) => name),
      ),
    [history, lines],
  );
  return (
    <section class="card">
      <Chart
        title="Orders by outcome"
        lines={lines}
        columns={columns}
        range={rangeOf(history)}
        format={formatRate}
        atLeast={1}
        empty={EMPTY}
      />
      <TableOf what="Orders by outcome as a table">
        <Rows
          history={history}
          columns={lines.map(({ name }) => ({ name, text: (second) => formatRate(second.perSecond[name] ?? 0) }))}
        />
      </TableOf>
    </section>
  );
}

export function Latency() {
  const history = overview.history.value;
  const columns = useMemo(() => latencyColumns(history), [history]);
  return (
    <section class="card">
      <Chart
        title="From place to outcome"
        lines={latencies}
        columns={columns}
        range={rangeOf(history)}
        format={durationText}
        atLeast={10}
        empty={EMPTY}
      />
      <TableOf what="From place to outcome as a table">
        <Rows
          history={history}
          columns={[
            { name: 'p50', text: ({ p50Ms }) => (p50Ms === null ? '–' : durationText(p50Ms)) },
            { name: 'p99', text: ({ p99Ms }) => (p99Ms === null ? '–' : durationText(p99Ms)) },
          ]}
        />
      </TableOf>
    </section>
  );
}

/** The usual outcomes, and whatever else the store counts. */
function linesFor({ outcomes }: History): readonly Line[] {
  const others = Object.keys(outcomes ?? {}).filter((name) => !known.some((line) => line.name === name));
  return [...known, ...others.map((name): Line => ({ name, look: 'of-payment', dash: [10, 3, 2, 3] }))];
}

function rangeOf({ atMs }: History): readonly [number, number] {
  const now = atMs === 0 ? Date.now() / 1_000 : atMs / 1_000;
  return [now - KEPT_S, now];
}

interface Column {
  readonly name: string;
  readonly text: (second: Second) => string;
}

function Rows({ history, columns }: { readonly history: History; readonly columns: readonly Column[] }) {
  const rows = rowsOf(history, ROW_S);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{ROW_S} s from</th>
          {columns.map(({ name }) => (
            <th key={name} scope="col" class="number">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((second) => (
          <tr key={second.atS}>
            <th scope="row" class="mono">
              {new Date(second.atS * 1_000).toLocaleTimeString('en-GB')}
            </th>
            {columns.map(({ name, text }) => (
              <td key={name} class="number">
                {text(second)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
