import { useId, useRef, useState } from 'preact/hooks';
import type { StockBody } from '../../../../inventory/representation.ts';
import { type Command, useCommand } from '../api/use-command.ts';
import { CommandProblem } from '../parts/command-problem.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { figure } from '../parts/words.ts';

const QUANTITY_MAX = 1_000_000;
const NAME_MAX = 200;

/** Reports received goods of one product. */
export function ReceiptForm({ productId, onDone }: { readonly productId: string; readonly onDone: () => void }) {
  const command = useCommand<StockBody>();
  const [done, setDone] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const receive = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const quantity = Number(fields.get('quantity'));
    const answer = await command.run(`/stock/${encodeURIComponent(productId)}/receipts`, { quantity });
    setDone(answer === null ? null : `${figure(quantity)} received; ${figure(answer.body.onHand)} on hand now`);
    if (answer !== null) form.current?.reset();
    onDone();
  };
  return (
    <form ref={form} class="card stack stock-form" onSubmit={receive} aria-labelledby="receipt-title">
      <h2 id="receipt-title">Receive goods</h2>
      <div class="row">
        <label>
          Units
          <input name="quantity" type="number" min={1} max={QUANTITY_MAX} step={1} required defaultValue="10" />
        </label>
        <button type="submit" class="main" aria-disabled={command.isSending}>
          Receive
        </button>
      </div>
      <FormEnd command={command} makes="receipt" done={done} />
    </form>
  );
}

/** Reports units that were found, or that are missing. */
export function CorrectionForm({ productId, onDone }: { readonly productId: string; readonly onDone: () => void }) {
  const command = useCommand<StockBody>();
  const [done, setDone] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const correct = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const quantity = Number(fields.get('quantity'));
    const body = { quantity, reason: String(fields.get('reason') ?? '') };
    const answer = await command.run(`/stock/${encodeURIComponent(productId)}/corrections`, body);
    const change = quantity > 0 ? `${figure(quantity)} found` : `${figure(-quantity)} missing`;
    setDone(answer === null ? null : `${change}; ${figure(answer.body.onHand)} on hand now`);
    if (answer !== null) form.current?.reset();
    onDone();
  };
  return (
    <form ref={form} class="card stack stock-form" onSubmit={correct} aria-labelledby="correction-title">
      <h2 id="correction-title">Correct the count</h2>
      <div class="row">
        <label>
          Units, − if missing
          <input name="quantity" type="number" min={-QUANTITY_MAX} max={QUANTITY_MAX} step={1} required />
        </label>
        <label class="grow">
          Why
          <input name="reason" required maxLength={500} autocomplete="off" />
        </label>
        <button type="submit" aria-disabled={command.isSending}>
          Correct
        </button>
      </div>
      <FormEnd command={command} makes="correction" done={done} />
    </form>
  );
}

function FormEnd({
  command,
  makes,
  done,
}: {
  readonly command: Pick<Command<unknown>, 'problem' | 'isUnanswered'>;
  readonly makes: string;
  readonly done: string | null;
}) {
  return (
    <>
      <CommandProblem command={command} makes={makes} changed={`another ${makes}`} />
      <p role="status" class="is-good stock-done">
        {command.problem === null && done !== null && `✓ ${done}`}
      </p>
    </>
  );
}

/** A button that asks for a product that is not there yet, and for its first goods. */
export function AddProduct({ onDone }: { readonly onDone: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const [isUnsure, setUnsure] = useState(false);
  const close = (isUnanswered: boolean) => {
    setOpen(false);
    if (isUnanswered) setUnsure(true);
  };
  const done = () => {
    setOpen(false);
    setUnsure(false);
    onDone();
  };
  return (
    <>
      <button type="button" class="main" onClick={() => setOpen(true)}>
        Receive goods
      </button>
      {isOpen && <AddDialog isUnsure={isUnsure} onClose={close} onDone={done} />}
    </>
  );
}

/** One receipt. `isUnsure`: an earlier one was closed without an answer; nothing that is sent here repeats it. */
function AddDialog({
  isUnsure,
  onClose,
  onDone,
}: {
  readonly isUnsure: boolean;
  readonly onClose: (isUnanswered: boolean) => void;
  readonly onDone: () => void;
}) {
  const command = useCommand<StockBody>();
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(fields.get(name) ?? '').trim();
    const body = { quantity: Number(text('quantity')), ...(text('name') === '' ? {} : { name: text('name') }) };
    const answer = await command.run(`/stock/${encodeURIComponent(text('productId'))}/receipts`, body);
    if (answer !== null) onDone();
  };
  return (
    <Dialog title="Receive goods" onClose={() => onClose(command.isUnanswered())}>
      <form class="stack" onSubmit={add}>
        {isUnsure && (
          <p class="is-wait">
            ? An earlier receipt was closed before its answer came, so it may be recorded already: see its product. What
            you send now is another receipt.
          </p>
        )}
        <AddFields />
        <CommandProblem command={command} makes="receipt" changed="another receipt" />
        <div class="row">
          <span class="grow" />
          <button type="submit" class="main" aria-disabled={command.isSending}>
            Receive
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function AddFields() {
  const hint = useId();
  return (
    <>
      <p class="quiet" id={hint}>
        A product that is not known yet is made by its first goods.
      </p>
      <div class="stock-fields">
        <label>
          Product id
          <input
            name="productId"
            required
            maxLength={64}
            spellcheck={false}
            autocomplete="off"
            aria-describedby={hint}
          />
        </label>
        <label>
          Name
          <input name="name" maxLength={NAME_MAX} placeholder="as it is, or without one" autocomplete="off" />
        </label>
        <label>
          Units
          <input name="quantity" type="number" min={1} max={QUANTITY_MAX} step={1} required defaultValue="10" />
        </label>
      </div>
    </>
  );
}

/** The name of a product as a page shows it. */
export function nameText(name: string | null): string {
  return name === null ? 'without a name' : foreignText(name, { max: NAME_MAX });
}
