import { useState } from 'preact/hooks';
import type { OrderBody } from '../../../../order/representation.ts';
import { type Command, useCommand } from '../api/use-command.ts';
import { productHref } from '../orders/places.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Fact } from '../parts/fact.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { ProblemNote } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { Since } from '../parts/ticking.tsx';
import { When } from '../parts/when.tsx';
import { counted, figure } from '../parts/words.ts';

const REASON_MAX = 500;

/** What the order is: its status, whose it is, what it costs, how old it is, and what was ordered. */
export function OrderHead({ order }: { readonly order: OrderBody }) {
  const { status, customerId, totalPrice, currency, totalQuantity, placedAt, updatedAt, reason, items } = order;
  return (
    <section class="card stack order-head" aria-label="The order">
      <dl class="order-facts">
        <Fact name="Status">
          <strong>
            <Status of={status} />
          </strong>
        </Fact>
        <Fact name="Customer">
          <a class="mono" href={`/console/orders?customer=${encodeURIComponent(customerId)}`}>
            {foreignText(customerId)}
          </a>
        </Fact>
        <Fact name="Total">
          <span class="number">
            {totalPrice} {currency}
          </span>{' '}
          <span class="quiet">for {counted(totalQuantity, 'unit')}</span>
        </Fact>
        <Fact name="Age">
          <Since at={placedAt} />{' '}
          <span class="quiet">
            placed <When at={placedAt} />
          </span>
        </Fact>
        <Fact name="Last change">
          <When at={updatedAt} />
        </Fact>
      </dl>
      {reason !== null && (
        <p>
          <span class="quiet">{foreignText(reason.code.replaceAll('_', ' '))}:</span>{' '}
          {foreignText(reason.detail, { max: 1_000 })}
        </p>
      )}
      <ul class="order-items">
        {items.map(({ productId, quantity, price }, index) => (
          <li key={`${index} ${productId}`}>
            {figure(quantity)} ×{' '}
            <a class="mono" href={productHref(productId)}>
              {foreignText(productId)}
            </a>{' '}
            <span class="quiet">
              at {price} {currency}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What can be asked of an order now: the links of the order with the method POST, and nothing else. */
export function useOrderCommands(order: OrderBody | null, onDone: () => void) {
  const command = useCommand<OrderBody>();
  const [asksFor, setAsksFor] = useState<string | null>(null);
  const links = Object.entries(order?._links ?? {}).filter(([, { method }]) => method === 'POST');
  const run = async (href: string, body?: unknown) => {
    const answer = await command.run(href, body);
    if (answer !== null) setAsksFor(null);
    // Also after a refusal: the order is no longer what the page shows.
    onDone();
  };
  const buttons = links.map(([name, { href }]) => (
    <button
      key={name}
      type="button"
      class={name === 'cancel' ? 'danger' : ''}
      aria-disabled={command.isSending}
      onClick={() => {
        if (command.isSending) return;
        command.clear();
        if (name === 'cancel') setAsksFor(href);
        else run(href);
      }}
    >
      {labelOf(name)}
    </button>
  ));
  const close = () => {
    setAsksFor(null);
    command.clear();
  };
  const dialog = asksFor !== null && (
    <CancelDialog command={command} onCancel={(reason) => run(asksFor, { reason })} onClose={close} />
  );
  const problem = asksFor === null && command.problem !== null && <ProblemNote problem={command.problem} />;
  return { buttons, dialog, problem };
}

function CancelDialog({
  command,
  onCancel,
  onClose,
}: {
  readonly command: Command<OrderBody>;
  readonly onCancel: (reason: string) => void;
  readonly onClose: () => void;
}) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onCancel(String(new FormData(event.currentTarget as HTMLFormElement).get('reason') ?? ''));
  };
  return (
    <Dialog title="Cancel the order" onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <p>What it holds, or has sold, goes back into the stock. The customer gets a notice.</p>
        <label>
          Why
          <input name="reason" required maxLength={REASON_MAX} autocomplete="off" />
        </label>
        {command.problem !== null && <ProblemNote problem={command.problem} />}
        <div class="row">
          <span class="grow" />
          <button type="button" onClick={onClose}>
            Keep it
          </button>
          <button type="submit" class="danger" aria-disabled={command.isSending}>
            Cancel the order
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function labelOf(name: string): string {
  const text = foreignText(name, { max: 40 });
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${name === 'cancel' ? ' …' : ''}`;
}
