import type { z } from 'zod';
import type { movementSchema } from '../../../../inventory/representation.ts';
import { useReload } from '../live/use-reload.ts';
import { topicHref } from '../log/selection.ts';
import { orderHref } from '../orders/places.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { ProblemNote, Skeleton } from '../parts/states.tsx';
import { When } from '../parts/when.tsx';
import { counted, figure } from '../parts/words.ts';
import { usePages } from './use-pages.ts';

type Movement = z.infer<typeof movementSchema>;

const PAGE = 50;
const EVERY_MS = 5_000;

/** How a movement changes what is on hand; one that only holds units, or lets them go, changes nothing. */
const looks: Readonly<Record<Movement['kind'], readonly [glyph: string, look: string]>> = {
  received: ['+', 'is-good'],
  returned: ['+', 'is-good'],
  corrected: ['±', 'is-wait'],
  reserved: ['·', 'quiet'],
  released: ['·', 'quiet'],
  sold: ['−', ''],
};

/** What moved the units of a product, the newest first; each movement leads to the message that made it. `version`: changes with the stock. */
export function Ledger({
  path,
  productId,
  version,
}: {
  readonly path: string;
  readonly productId: string;
  readonly version: string;
}) {
  const ledger = usePages<Movement>(`${path}/movements?order=desc&limit=${PAGE}`, 'movements', EVERY_MS);
  useReload(version, ledger.reload);
  const { rows, problem, isWhole } = ledger;
  return (
    <section class="card stack" aria-labelledby="ledger-title">
      <div class="row">
        <h2 id="ledger-title" class="grow">
          Movements
        </h2>
        {rows !== null && (
          <span class="quiet">{isWhole ? counted(rows.length, 'movement') : `the newest ${figure(rows.length)}`}</span>
        )}
      </div>
      {problem !== null && <ProblemNote problem={problem} retry={ledger.reload} />}
      {rows === null ? problem === null && <Skeleton /> : <Movements rows={rows} productId={productId} />}
      {rows !== null && !isWhole && (
        <p>
          <button type="button" onClick={ledger.readMore}>
            Show older ones
          </button>
        </p>
      )}
    </section>
  );
}

function Movements({ rows, productId }: { readonly rows: readonly Movement[]; readonly productId: string }) {
  if (rows.length === 0) return <p class="quiet">Nothing has moved.</p>;
  return (
    <div class="scroll">
      <table class="ledger">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col" class="number">
              Units
            </th>
            <th scope="col">Order</th>
            <th scope="col">Message</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((movement) => (
            <MovementRow key={movement.movementId} movement={movement} productId={productId} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MovementRow({ movement, productId }: { readonly movement: Movement; readonly productId: string }) {
  const { kind, quantity, orderId, causedBy, at, reason } = movement;
  const [glyph, look] = looks[kind];
  return (
    <tr>
      <td class="quiet ledger-when">
        <When at={at} />
      </td>
      <td>
        {kind}
        {reason !== null && <span class="quiet"> · {foreignText(reason, { max: 500 })}</span>}
      </td>
      <td class={`number ${look}`}>
        {kind === 'corrected' ? signed(quantity) : `${glyph === '·' ? '' : glyph}${figure(quantity)}`}
      </td>
      <td class="mono">{orderId !== null && <a href={orderHref(orderId)}>{foreignText(orderId)}</a>}</td>
      <td class="mono ledger-message">
        <a href={messageHref(movement, productId)} title="The message that moved them">
          {foreignText(causedBy)}
        </a>
      </td>
    </tr>
  );
}

function signed(quantity: number): string {
  return quantity < 0 ? `−${figure(-quantity)}` : `+${figure(quantity)}`;
}

/** A message about an order is on the page of the order. One about a product is a command; what it led to is in the log. */
function messageHref({ orderId, causedBy }: Movement, productId: string): string {
  return orderId === null ? topicHref('inventory-events', { key: productId }) : orderHref(orderId, causedBy);
}
