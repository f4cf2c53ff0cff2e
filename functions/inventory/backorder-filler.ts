import { LINES_MAX, type Line } from '../../saga/messages.ts';
import { AppError, isTransient } from '../../shared/core/errors.ts';
import type { Outcome } from '../../shared/runtime/handle/outcome.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { newCommand } from '../../shared/runtime/worker/submit-command.ts';
import { type Inventory, unreserved } from './state.ts';
import { type BackorderRow, backorders, stock } from './tables.ts';

/** Queue rows read in one step: more than an order can have, so that each step passes at least one whole order. */
const PAGE = 2 * LINES_MAX;

/**
 * Events after which a waiting order may be served, or be short of other products than before: the stock has changed, or an
 * order before it has left the queue.
 */
const CHANGES: ReadonlySet<string> = new Set([
  'StockReceived',
  'StockCorrected',
  'StockReleased',
  'StockReturned',
  'StockPolicySet',
]);

export type FillerContext = Pick<FunctionContext, 'store' | 'clock' | 'catalog' | 'submit'>;

interface Waiting {
  readonly orderId: string;
  readonly correlationId: string;
  readonly lines: readonly Line[];
  /** The products of which it keeps units from the orders behind it. */
  readonly shortOf: readonly string[];
  readonly lastPlace: number;
}

/**
 * Fills back-orders, first come first served: scans the waiting orders page by page, and submits a command for each
 * order whose lines can all be served from units that are not set aside for an order before it, and for each order that
 * is now short of other products than before. So no order takes units of which an earlier order lacks some, and no unit
 * lies idle because its order lacks another product.
 *
 * What an order does concerns only the orders behind it, with one exception: it may take units that an earlier order
 * does not keep, so that this one becomes short. Then another scan follows. A scan repeats only when it has served an
 * order, and each order is served once, so the scans come to an end.
 *
 * The only state is the position of the scan: after a crash the next scan begins at the front of the queue.
 */
export class BackorderFiller {
  readonly #context: FillerContext;
  /** The place of the last row that this scan has passed. */
  #after = 0;
  /** Units that the orders up to that place keep from later ones. */
  readonly #ahead: Units = new Map();
  /** Products that an order up to that place waits for and keeps nothing of. */
  readonly #unkept = new Set<string>();
  /** Whether an order took units of which an earlier one keeps nothing. */
  #repeats = false;

  constructor(context: FillerContext) {
    this.#context = context;
  }

  /** Processes one page. Returns whether there may be more to do at once; the next scan begins at the front. */
  async step(): Promise<boolean> {
    const waiting = await this.#nextPage();
    const left = await this.#leftOf(new Set(waiting.flatMap(({ lines }) => lines.map(({ productId }) => productId))));
    for (const each of waiting) {
      const after = this.#mayChange(each, left) ? await this.#submitOrPass(each) : each;
      if (after === null) this.#take(each, left);
      else this.#pass(after);
    }
    if (waiting.length > 0) return true;
    const repeats = this.#repeats;
    this.#after = 0;
    this.#ahead.clear();
    this.#unkept.clear();
    this.#repeats = false;
    return repeats;
  }

  /** The order waits on: the orders behind it leave it what it is short of. */
  #pass({ lines, shortOf, lastPlace }: Waiting): void {
    for (const { productId, quantity } of lines) {
      if (shortOf.includes(productId)) add(this.#ahead, productId, quantity);
      else this.#unkept.add(productId);
    }
    this.#after = lastPlace;
  }

  /** The order has been served. */
  #take({ lines, lastPlace }: Waiting, left: Units): void {
    for (const { productId, quantity } of lines) {
      add(left, productId, -quantity);
      if (this.#unkept.has(productId)) this.#repeats = true;
    }
    this.#after = lastPlace;
  }

  /** Whole orders only: the last order of a full page may continue on the next page and is left for it. */
  async #nextPage(): Promise<readonly Waiting[]> {
    const { store } = this.#context;
    const rows = await store.find({ table: backorders, orderBy: ['place'], after: [this.#after], limit: PAGE });
    const orders = new Map<string, BackorderRow[]>();
    for (const row of rows) orders.set(row.orderId, [...(orders.get(row.orderId) ?? []), row]);
    const waiting = [...orders.values()].map(toWaiting);
    return rows.length < PAGE ? waiting : waiting.slice(0, -1);
  }

  /** Units that no order holds now, by product. */
  async #leftOf(productIds: ReadonlySet<string>): Promise<Units> {
    const { store } = this.#context;
    const found = await Promise.all(
      [...productIds].map((productId) => store.find({ table: stock, where: { productId }, limit: 1 })),
    );
    return new Map(found.flat().map((level) => [level.productId, unreserved(level)]));
  }

  /** Whether the order can be served, or is short of other products than before. */
  #mayChange({ lines, shortOf }: Waiting, left: ReadonlyMap<string, number>): boolean {
    const isShort = lines.map(
      ({ productId, quantity }) => (left.get(productId) ?? 0) - (this.#ahead.get(productId) ?? 0) < quantity,
    );
    return !isShort.includes(true) || lines.some(({ productId }, n) => isShort[n] !== shortOf.includes(productId));
  }

  /** After a failure that is a bug, the next step continues behind the order, which waits for the next scan. */
  async #submitOrPass(waiting: Waiting): Promise<Waiting | null> {
    try {
      return await this.#submit(waiting);
    } catch (error) {
      if (!(error instanceof AppError) && !isTransient(error)) this.#pass(waiting);
      throw error;
    }
  }

  /** Submits `FillBackorder` in the saga of the order. Returns the order as it waits on, or null when it was served. */
  async #submit(waiting: Waiting): Promise<Waiting | null> {
    const { orderId, correlationId, lines } = waiting;
    const ahead = lines.flatMap(({ productId }) => {
      const quantity = this.#ahead.get(productId) ?? 0;
      return quantity === 0 ? [] : [{ productId, quantity }];
    });
    const draft = { type: 'FillBackorder', subject: orderId, data: { orderId, lines, ahead } };
    const message = newCommand(this.#context, draft, { correlationid: correlationId });
    // Stored in the inbox, so that the cause of its movements can be found.
    const outcome = await this.#context.submit(message, { deduplicate: true });
    if (outcome.kind !== 'handled' || outcome.emitted.length === 0) return waiting;
    const { status, shortOf = [] } = (outcome.state as Inventory).reservation;
    return status === 'waiting' ? { ...waiting, shortOf } : null;
  }
}

type Units = Map<string, number>;

function add(units: Units, productId: string, quantity: number): void {
  units.set(productId, (units.get(productId) ?? 0) + quantity);
}

function toWaiting(rows: readonly BackorderRow[]): Waiting {
  const [first] = rows;
  return {
    orderId: first?.orderId ?? '',
    correlationId: first?.correlationId ?? '',
    lines: rows.map(({ productId, quantity }) => ({ productId, quantity })),
    shortOf: rows.filter(({ isShort }) => isShort === 1).map(({ productId }) => productId),
    lastPlace: rows.at(-1)?.place ?? 0,
  };
}

/** Whether the outcome may allow a waiting order to be served, or leave it short of other products. */
export function asksForFilling(outcome: Outcome): boolean {
  return outcome.kind === 'handled' && outcome.emitted.some(({ type }) => CHANGES.has(type));
}
