import { useId, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { StockBody } from '../../../../inventory/representation.ts';
import type { OrderBody } from '../../../../order/representation.ts';
import { type Command, useCommand } from '../api/use-command.ts';
import { useResource } from '../api/use-resource.ts';
import { CommandProblem } from '../parts/command-problem.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { figure } from '../parts/words.ts';
import { orderHref } from './places.ts';

interface Line {
  readonly productId: string;
  readonly quantity: string;
  readonly price: string;
}

const firstLine: Line = { productId: '', quantity: '1', price: '10.00' };
const LINES_MAX = 100;

/** Places an order, and goes to it. */
export function PlaceOrder({ onClose }: { readonly onClose: () => void }) {
  const { route } = useLocation();
  const stock = useResource<{ readonly stock: readonly StockBody[] }>('/stock?limit=200');
  const [lines, setLines] = useState<readonly Line[]>([firstLine]);
  const command = useCommand<OrderBody>();
  const products = stock.data?.stock ?? [];
  // Without an answer about the stock a product is named by hand.
  const isReading = stock.data === null && stock.problem === null;
  const set = (at: number, part: Partial<Line>) =>
    setLines(lines.map((line, index) => (index === at ? { ...line, ...part } : line)));

  const place = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isReading) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const orderId = text('orderId');
    const items = lines.map(({ productId, quantity, price }) => ({
      productId: productId === '' ? (products[0]?.productId ?? '') : productId,
      quantity: Number(quantity),
      price: price.trim(),
    }));
    const body = { ...(orderId === '' ? {} : { orderId }), customerId: text('customerId'), items };
    const answer = await command.run('/orders', body);
    if (answer !== null) route(orderHref(answer.body.orderId));
  };

  return (
    <Dialog title="Place an order" onClose={onClose}>
      <form class="stack" onSubmit={place}>
        <Names />
        {lines.map((line, index) => (
          <LineFields
            key={index}
            line={line}
            number={index + 1}
            products={products}
            isReading={isReading}
            set={(part) => set(index, part)}
          />
        ))}
        <PlaceProblem command={command} />
        <div class="row">
          <button
            type="button"
            disabled={lines.length >= LINES_MAX}
            onClick={() => setLines([...lines, { ...firstLine, price: '5.00' }])}
          >
            Add a line
          </button>
          <span class="grow" />
          <button type="submit" class="main" aria-disabled={command.isSending || isReading}>
            Place it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Whose order it is, and which. */
function Names() {
  return (
    <div class="field-pair">
      <label>
        Customer
        <input name="customerId" defaultValue="CUSTOMER_001" required maxLength={64} spellcheck={false} />
      </label>
      <label>
        Order id
        <input name="orderId" placeholder="made by the store" maxLength={64} spellcheck={false} autocomplete="off" />
      </label>
    </div>
  );
}

function LineFields({
  line,
  number,
  products,
  isReading,
  set,
}: {
  readonly line: Line;
  readonly number: number;
  readonly products: readonly StockBody[];
  readonly isReading: boolean;
  readonly set: (part: Partial<Line>) => void;
}) {
  const onInput = (name: keyof Line) => (event: Event) =>
    set({ [name]: (event.currentTarget as HTMLInputElement | HTMLSelectElement).value });
  return (
    <fieldset class="order-line">
      <legend class="visually-hidden">Line {number}</legend>
      <ProductField line={line} products={products} isReading={isReading} onInput={onInput('productId')} />
      <label>
        Quantity
        <input type="number" min={1} step={1} value={line.quantity} onInput={onInput('quantity')} required />
      </label>
      <label>
        Price of one
        <input value={line.price} onInput={onInput('price')} required inputMode="decimal" />
      </label>
    </fieldset>
  );
}

/** One of the products, or any id where they are not known. */
function ProductField({
  line,
  products,
  isReading,
  onInput,
}: {
  readonly line: Line;
  readonly products: readonly StockBody[];
  readonly isReading: boolean;
  readonly onInput: (event: Event) => void;
}) {
  const id = useId();
  return (
    <label htmlFor={id}>
      Product
      {products.length > 0 || isReading ? (
        <select id={id} value={line.productId === '' ? products[0]?.productId : line.productId} onInput={onInput}>
          {products.map(({ productId, name, available }) => (
            <option key={productId} value={productId}>
              {foreignText(`${productId} ${name ?? ''}`, { max: 60 })} · {figure(available)} available
            </option>
          ))}
        </select>
      ) : (
        <input id={id} value={line.productId} onInput={onInput} required maxLength={64} spellcheck={false} />
      )}
    </label>
  );
}

function PlaceProblem({ command }: { readonly command: Command<unknown> }) {
  const [, ...others] = command.problem?.errors ?? [];
  return (
    <>
      <CommandProblem command={command} makes="order" changed="another order, or refused where its id is given" />
      {others.length > 0 && (
        <ul class="is-bad">
          {others.map(({ pointer, detail }) => (
            <li key={pointer}>
              {foreignText(pointer)}: {foreignText(detail)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
