/** The saga map as a table: each step of the choreography, and what goes through it. */
import { handledBy, rateOf } from '../drawing/flow.ts';
import { formatRate } from '../drawing/format.ts';
import type { Saga } from '../drawing/saga-graph.ts';
import { FunctionName } from '../parts/status.tsx';
import { TableOf } from '../parts/table-of.tsx';
import { figure } from '../parts/words.ts';
import { overview } from './use-overview.ts';

export function StepsTable({ saga }: { readonly saga: Saga }) {
  return (
    <TableOf what="The saga as a table">
      <Steps saga={saga} />
    </TableOf>
  );
}

function Steps({ saga }: { readonly saga: Saga }) {
  const figures = overview.figures.value;
  const samples = overview.samples.value;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">On</th>
          <th scope="col">By</th>
          <th scope="col">Emits one of</th>
          <th scope="col">Kind</th>
          <th scope="col" class="number">
            Handled
          </th>
          <th scope="col" class="number">
            Now
          </th>
        </tr>
      </thead>
      <tbody>
        {saga.steps.map(({ on, by, emits, kind }) => {
          const handled = figures === null ? null : handledBy(figures, by, on);
          return (
            <tr key={`${on} ${by}`}>
              <th scope="row">{on}</th>
              <td>
                <FunctionName name={by} />
              </td>
              <td>{emits.join(', ') || '–'}</td>
              <td>{kind}</td>
              <td class="number">{handled === null ? '–' : figure(handled)}</td>
              <td class="number">{formatRate(rateOf(samples, by, on))}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
