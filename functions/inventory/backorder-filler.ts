import { LINES_MAX, type Line } from '../../saga/messages.ts';
import { AppError, isTransient } from '../../shared/core/errors.ts';
import type { Outcome } from '../../shared/runtime/handle/outcome.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { newCommand } from '../../shared/runtime/worker/submit-command.ts';
import { available } from './state.ts';
import { type BackorderRow, backorders, stock } from './tables.ts';

/** Queue rows read in one step: more than an order can have, so that each step passes at least one whole order. */
const PAGE = 2 * LINES_MAX;

/** Events after which a waiting order may be served: there is more stock, or an order before it has left the queue. */
const MORE: ReadonlySet<string> = new Set(['StockReceived', 'StockReleased', 'StockReturned', 'StockPolicySet']);

export type FillerContext = Pick<FunctionContext, 'store' | 'clock' | 'catalog' | 'submit'>;

interface Waiting {
  readonly orderId: string;
  readonly correlationId: string;
  readonly lines: readonly Line[];
  readonly lastPlace: number;
}

/**
 * Fills back-orders, first come first served: scans the waiting orders page by page, and submits a command for each
 * order whose lines can all be served from units that no order before it waits for. A small order can pass a large one
 * that lacks another product, but never takes units that the large one waits for.
 *
 * The only state is the position of the scan: after a crash the next scan begins at the front of the queue.
 */
export class BackorderFiller {
  readonly #context: FillerContext;
  /** The place of the last row that this scan has passed. */
  #after = 0;
  /** Units that the orders up to that place still wait for. */
  readonly #ahead: Units = new Map();

  constructor(context: FillerContext) {
    this.#context = context;
  }

  /** Processes one page. Returns whether the scan continues; the next scan begins at the front. */
  async step(): Promise<boolean> {
    const waiting = await this.#nextPage();
    const left = await this.#leftOf(new Set(waiting.flatMap(({ lines }) => lines.map(({ productId }) => productId))));
    for (const each of waiting) {
      if (this.#isEnough(each, left) && (await this.#fillOrPass(each))) subtract(left, each.lines);
      else add(this.#ahead, each.lines);
      this.#after = each.lastPlace;
    }
    if (waiting.length > 0) return true;
    this.#after = 0;
    this.#ahead.clear();
    return false;
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
    return new Map(found.flat().map((level) => [level.productId, available(level)]));
  }

  #isEnough({ lines }: Waiting, left: ReadonlyMap<string, number>): boolean {
    return lines.every(
      ({ productId, quantity }) => (left.get(productId) ?? 0) - (this.#ahead.get(productId) ?? 0) >= quantity,
    );
  }

  /** After a failure that is a bug, the next step continues behind the order, which waits for the next scan. */
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

  /** Submits `FillBackorder` in the saga of the order. Returns whether the order now holds the stock. */
  async #fill({ orderId, correlationId, lines }: Waiting): Promise<boolean> {
    const ahead = lines.flatMap(({ productId }) => {
      const quantity = this.#ahead.get(productId) ?? 0;
      return quantity === 0 ? [] : [{ productId, quantity }];
    });
    const draft = { type: 'FillBackorder', subject: orderId, data: { orderId, lines, ahead } };
    const message = newCommand(this.#context, draft, { correlationid: correlationId });
    // Stored in the inbox, so that the cause of its movements can be found.
    const outcome = await this.#context.submit(message, { deduplicate: true });
    return outcome.kind === 'handled' && outcome.emitted.length > 0;
  }
}

type Units = Map<string, number>;

function add(units: Units, lines: readonly Line[]): void {
  for (const { productId, quantity } of lines) units.set(productId, (units.get(productId) ?? 0) + quantity);
}

function subtract(units: Units, lines: readonly Line[]): void {
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

/** Whether the outcome may allow a waiting order to be served. */
export function asksForFilling(outcome: Outcome): boolean {
  return outcome.kind === 'handled' && outcome.emitted.some(({ type }) => MORE.has(type));
}
