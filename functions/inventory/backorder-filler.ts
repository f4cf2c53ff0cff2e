import { LINES_MAX, type Line } from '../../saga/messages.ts';
import { AppError, isTransient } from '../../shared/core/errors.ts';
import type { Outcome } from '../../shared/runtime/handle/outcome.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { newCommand } from '../../shared/runtime/worker/submit-command.ts';
import { available } from './state.ts';
import { type BackorderRow, backorders, stock } from './tables.ts';

/** Rows of the queue looked at in one step: more than an order can have, so that each step gets past a whole order. */
const PAGE = 2 * LINES_MAX;

/** Events after which there may be enough for an order that waits: more stock, or one fewer who waits before it. */
const MORE: ReadonlySet<string> = new Set(['StockReceived', 'StockReleased', 'StockReturned', 'StockPolicySet']);

export type FillerContext = Pick<FunctionContext, 'store' | 'clock' | 'catalog' | 'submit'>;

interface Waiting {
  readonly orderId: string;
  readonly correlationId: string;
  readonly lines: readonly Line[];
  readonly lastPlace: number;
}

/**
 * Fills back-orders, first come first served: walks those who wait, page by page, and asks for each order whose lines can
 * all be served from what nobody before it waits for. So a small order may pass a large one that lacks something else, and
 * never takes what the large one is waiting for.
 *
 * Nothing is kept but the place of the walk: after a crash the next walk begins with what waits.
 */
export class BackorderFiller {
  readonly #context: FillerContext;
  /** The place of the last row of this walk. */
  #after = 0;
  /** What the orders up to that place still wait for. */
  readonly #ahead: Units = new Map();

  constructor(context: FillerContext) {
    this.#context = context;
  }

  /** Looks at one page. Gives whether the walk goes on; the next one begins at the front. */
  async step(): Promise<boolean> {
    const waiting = await this.#nextPage();
    const left = await this.#leftOf(new Set(waiting.flatMap(({ lines }) => lines.map(({ productId }) => productId))));
    for (const each of waiting) {
      if (this.#isEnough(each, left) && (await this.#fillOrPass(each))) take(left, each.lines);
      else add(this.#ahead, each.lines);
      this.#after = each.lastPlace;
    }
    if (waiting.length > 0) return true;
    this.#after = 0;
    this.#ahead.clear();
    return false;
  }

  /** Whole orders: the last of a full page may go on behind it and is left for the next one. */
  async #nextPage(): Promise<readonly Waiting[]> {
    const { store } = this.#context;
    const rows = await store.find({ table: backorders, orderBy: ['place'], after: [this.#after], limit: PAGE });
    const orders = new Map<string, BackorderRow[]>();
    for (const row of rows) orders.set(row.orderId, [...(orders.get(row.orderId) ?? []), row]);
    const waiting = [...orders.values()].map(toWaiting);
    return rows.length < PAGE ? waiting : waiting.slice(0, -1);
  }

  /** Units that nobody holds now, by product. */
  async #leftOf(productIds: ReadonlySet<string>): Promise<Units> {
    const { store } = this.#context;
    const found = await Promise.all(
      [...productIds].map((productId) => store.find({ table: stock, where: { productId }, limit: 1 })),
    );
    return new Map(found.flat().map((level) => [level.productId, available(level)]));
  }

  #isEnough({ lines }: Waiting, left: ReadonlyMap<string, number>): boolean {
    return lines.every(
      ({ productId, quantity }) => (left.get(productId) ?? 0) - (this.#ahead.get(productId) ?? 0) >= quantity,
    );
  }

  /** Where it fails for a bug of ours, the next step goes on behind the order, which waits until the next walk. */
  async #fillOrPass(waiting: Waiting): Promise<boolean> {
    try {
      return await this.#fill(waiting);
    } catch (error) {
      if (!(error instanceof AppError) && !isTransient(error)) {
        add(this.#ahead, waiting.lines);
        this.#after = waiting.lastPlace;
      }
      throw error;
    }
  }

  /** Asks for the stock, in the saga of the order. Gives whether the order has it now. */
  async #fill({ orderId, correlationId, lines }: Waiting): Promise<boolean> {
    const ahead = lines.flatMap(({ productId }) => {
      const quantity = this.#ahead.get(productId) ?? 0;
      return quantity === 0 ? [] : [{ productId, quantity }];
    });
    const draft = { type: 'FillBackorder', subject: orderId, data: { orderId, lines, ahead } };
    const message = newCommand(this.#context, draft, { correlationid: correlationId });
    // In the inbox, so that the movements it causes have a cause that can be found.
    const outcome = await this.#context.submit(message, { deduplicate: true });
    return outcome.kind === 'handled' && outcome.emitted.length > 0;
  }
}

type Units = Map<string, number>;

function add(units: Units, lines: readonly Line[]): void {
  for (const { productId, quantity } of lines) units.set(productId, (units.get(productId) ?? 0) + quantity);
}

function take(units: Units, lines: readonly Line[]): void {
  for (const { productId, quantity } of lines) units.set(productId, (units.get(productId) ?? 0) - quantity);
}

function toWaiting(rows: readonly BackorderRow[]): Waiting {
  const [first] = rows;
  return {
    orderId: first?.orderId ?? '',
    correlationId: first?.correlationId ?? '',
    lines: rows.map(({ productId, quantity }) => ({ productId, quantity })),
    lastPlace: rows.at(-1)?.place ?? 0,
  };
}

/** Whether what was handled may have left enough for an order that waits. */
export function asksForFilling(outcome: Outcome): boolean {
  return outcome.kind === 'handled' && outcome.emitted.some(({ type }) => MORE.has(type));
}
