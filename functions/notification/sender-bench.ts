import { orderPlaced } from '../../saga/examples.ts';
import type { Message } from '../../shared/core/message.ts';
import type { NoticeChannel } from '../../shared/ports/notice-channel.ts';
import type { Store } from '../../shared/ports/store.ts';
import { NoticeSender, type SenderContext } from './sender.ts';
import { type DeliveryRow, deliveries } from './tables.ts';

/** Notification on a real store, with a clock that the test sets: a bench of `shared/testing`. */
interface FunctionBench {
  nowMs: number;
  readonly store: Store;
  readonly log: { append(topic: string, messages: readonly Message[]): Promise<unknown> };
  readonly worker: SenderContext & { start(): void; stop(): Promise<void> };
  exhaust(...messages: readonly Message[]): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Notification on a real store, with a channel that refuses what a test says, and senders beside it. */
export class SenderBench<Bench extends FunctionBench = FunctionBench> {
  readonly bench: Bench;
  /** Ids of the notices that the channel was asked to send, and of those that it has accepted. */
  readonly asked: string[] = [];
  readonly accepted: string[] = [];
  /** What the channel does with the notices of an order; it accepts all others. */
  readonly answers = new Map<string, () => Promise<void>>();
  readonly channel: NoticeChannel = {
    send: async ({ notificationId, orderId }) => {
      this.asked.push(notificationId);
      await this.answers.get(orderId)?.();
      this.accepted.push(notificationId);
    },
  };

  constructor(bench: Bench) {
    this.bench = bench;
  }

  close(): Promise<void> {
    return this.bench.close();
  }

  /** Runs a new sender beside the function. */
  async withSender<Result>(
    work: (sender: NoticeSender) => Promise<Result>,
    { timeoutMs = 1_000, context = this.bench.worker }: { timeoutMs?: number; context?: SenderContext } = {},
  ): Promise<Result> {
    this.bench.worker.start();
    try {
      return await work(new NoticeSender(context, { channel: this.channel, timeoutMs }));
    } finally {
      await this.bench.restart();
    }
  }

  /** A new sender sends what is due. Returns its steps. */
  send(): Promise<number> {
    return this.withSender(drain);
  }

  rows(): Promise<readonly DeliveryRow[]> {
    return this.bench.store.find({ table: deliveries, orderBy: ['position'], limit: 999 });
  }

  async statuses(): Promise<readonly string[]> {
    return (await this.rows()).map(({ status }) => status);
  }

  /** Writes a notice for each of these orders. Returns their ids. */
  async write(...orderIds: readonly string[]): Promise<readonly string[]> {
    const facts = orderIds.map((orderId) => orderPlaced({ lamp: 1 }, { orderId }));
    await this.bench.exhaust(...facts);
    return facts.map(({ id }) => id);
  }

  /** The same while the function runs. */
  async writeMeanwhile(orderId: string): Promise<void> {
    const before = (await this.rows()).length;
    await this.bench.log.append('order-events', [orderPlaced({ lamp: 1 }, { orderId })]);
    await waitFor(async () => (await this.rows()).length > before);
  }
}

/** Steps until nothing is left to do at once. Returns the steps. */
export async function drain(sender: NoticeSender): Promise<number> {
  let steps = 1;
  while (await sender.step()) steps += 1;
  return steps;
}

export async function waitFor(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 2));
}

export function orderIds(count: number, prefix = 'ORDER'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}_${index}`);
}

export function refuse(): Promise<void> {
  return Promise.reject(new Error('the mailbox is full'));
}
