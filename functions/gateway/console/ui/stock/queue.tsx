import type { z } from 'zod';
import type { backorderSchema } from '../../../../inventory/representation.ts';
import { useResource } from '../api/use-resource.ts';
import { useReload } from '../live/use-reload.ts';
import { orderHref } from '../orders/places.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Loaded } from '../parts/states.tsx';
import { counted, figure } from '../parts/words.ts';

interface QueueBody {
  readonly backorders: readonly z.infer<typeof backorderSchema>[];
  readonly _links: Readonly<Record<string, { readonly href: string }>>;
}

const SHOWN = 100;
const EVERY_MS = 5_000;

/** The orders that wait for a product; the first one is served next. `version`: another one when it may have changed. */
export function Queue({
  path,
  backordered,
  version,
}: {
  readonly path: string;
  readonly backordered: number;
  readonly version: string;
}) {
  const queue = useResource<QueueBody>(`${path}/backorders?limit=${SHOWN}`, EVERY_MS);
  useReload(version, queue.reload);
  return (
    <section class="card stack" aria-labelledby="queue-title">
      <div class="row">
        <h2 id="queue-title" class="grow">
          Orders that wait for it
        </h2>
        <span class="quiet">{backordered > 0 && `they ask for ${counted(backordered, 'unit')}`}</span>
      </div>
      <Loaded resource={queue}>
        {({ backorders, _links }) =>
          backorders.length === 0 ? (
            <p class="quiet">No order waits for it.</p>
          ) : (
            <>
              <div class="scroll">
                <table class="queue">
                  <thead>
                    <tr>
                      <th scope="col">Place</th>
                      <th scope="col">Order</th>
                      <th scope="col" class="number">
                        Asks for
                      </th>
                      <th scope="col" class="number">
                        Set aside
                      </th>
                      <th scope="col">Short of</th>
                    </tr>
                  </thead>
                  <tbody>
                    {backorders.map(({ orderId, place, quantity, setAside, short }) => (
                      <tr key={orderId}>
                        <td>{figure(place)}</td>
                        <td class="mono">
                          <a href={orderHref(orderId)}>{foreignText(orderId)}</a>
                        </td>
                        <td class="number">{figure(quantity)}</td>
                        <td class="number">{figure(setAside)}</td>
                        <td>
                          {short ? <span class="is-wait">◐ this product</span> : <span class="quiet">others</span>}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              {_links['next'] !== undefined && <p class="quiet">The first {SHOWN} are shown.</p>}
            </>
          )
        }
      </Loaded>
    </section>
  );
}
