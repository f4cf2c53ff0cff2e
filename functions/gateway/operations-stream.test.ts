import { afterEach, describe, expect, it, vi } from 'vitest';
import { functionNames } from '../../saga/choreography.ts';
import { createApp } from '../../shared/runtime/http/app.ts';
import { EventStreams } from '../../shared/runtime/http/event-stream.ts';
import { OWN_SAMPLE_MAX } from '../../shared/runtime/inspect/commit-sample.ts';
import type { CommittedBody, TickBody } from '../../shared/runtime/inspect/stream-representation.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { addMergedStream } from './operations-stream.ts';
import { localUpstream, type Upstream } from './upstream.ts';

const stopping: AbortController[] = [];
afterEach(() => {
  for (const each of stopping.splice(0)) each.abort();
});

const percentiles = { p50: null, p99: null, count: 0 };
const soon = { timeout: 10_000 };

/** A function whose stream a test writes. */
class FakeFunction {
  readonly name: string;
  readonly asked: string[] = [];
  isDown = false;
  /** Whether it takes requests and never answers, as a process that is frozen. */
  isFrozen = false;
  #stop = new AbortController();
  #write: (text: string) => void = () => undefined;

  constructor(name: string) {
    this.name = name;
    stopping.push(this.#stop);
  }

  get upstream(): Upstream {
    return localUpstream(this.name, {
      fetch: (request) => {
        this.asked.push(new URL(request.url).pathname + new URL(request.url).search);
        if (this.isFrozen) return new Promise<Response>(() => undefined);
        if (this.isDown) return Response.json({}, { status: 503 });
        return new EventStreams(this.#stop.signal).answer(request, async (stream) => {
          this.#write = (text) => void stream.write(text);
          await stream.write(': connected\n\n');
          await new Promise<void>((resolve) => stream.ended.addEventListener('abort', () => resolve()));
        });
      },
    });
  }

  send(event: string, data: object): void {
    this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  tick(parked: number): void {
    const figures = { messages: {}, deadLetters: 0, commitMs: percentiles, outcomes: {}, latencyMs: percentiles };
    const topic = { name: `${this.name}-events`, writer: this.name, end: 0, readers: [], detail: null };
    this.send('tick', { at: 'now', functions: [{ name: this.name, parked, ...figures }], topics: [topic] });
  }

  stop(): void {
    this.isDown = true;
    this.#stop.abort();
    this.#stop = new AbortController();
    stopping.push(this.#stop);
  }
}

function gatewayOver(functions: readonly FakeFunction[], token: string | null = null) {
  const app = createApp(logLines().logger);
  const stop = new AbortController();
  stopping.push(stop);
  const upstreams = functions.map(({ upstream }) => upstream);
  addMergedStream(app, { upstreams, access: { token, isOpen: true }, store: null as never }, stop.signal);
  const open = async (query = '') => {
    const response = await app.request(`/operations/stream${query}`);
    const events: { name: string; data: unknown }[] = [];
    void (async () => {
      for await (const chunk of response.body ?? []) {
        for (const block of Buffer.from(chunk).toString().split('\n\n')) {
          const [, name = '', data = ''] = /^event: (\w+)\ndata: (.*)$/m.exec(block) ?? [];
          if (name !== '') events.push({ name, data: JSON.parse(data) });
        }
      }
    })().catch(() => undefined);
    const named = <Data>(name: string) => events.filter((each) => each.name === name).map(({ data }) => data as Data);
    return { response, named };
  };
  return { open };
}

function committed(name: string, id: string): CommittedBody {
  return { function: name, type: 'T', outcome: 'handled', key: 'k', id, causationId: null, time: 'now' };
}

describe('the stream of the store', () => {
  it('has the newest figures of all functions in each tick', async () => {
    const functions = [new FakeFunction('order'), new FakeFunction('inventory')];
    const { named } = await gatewayOver(functions).open();
    for (const [n, each] of functions.entries()) each.tick(n + 1);

    await vi.waitFor(() => expect(named<TickBody>('tick').at(-1)?.functions).toHaveLength(2), soon);
    const last = named<TickBody>('tick').at(-1);
    expect(last?.functions.map(({ name, parked }) => [name, parked])).toEqual([
      ['order', 1],
      ['inventory', 2],
    ]);
    expect(last?.topics.map(({ name }) => name)).toEqual(['order-events', 'inventory-events']);
  });

  it('leaves out ticks of a program that has others, and those without an envelope', async () => {
    const [order, other] = [new FakeFunction('order'), new FakeFunction('other')] as const;
    const { named } = await gatewayOver([order, other]).open();
    order.tick(1);
    for (const foreign of [{}, { functions: [{ name: 'other' }], topics: [] }, null])
      other.send('tick', foreign as object);
    order.send('tick', { functions: 'none' });

    const orders = () => named<TickBody>('tick').filter(({ functions }) => functions.length > 0);
    await vi.waitFor(() => expect(orders().length).toBeGreaterThan(1), soon);
    expect(
      orders()
        .at(-1)
        ?.functions.map(({ name, parked }) => [name, parked]),
    ).toEqual([['order', 1]]);
  });

  it('passes on at most 50 messages at once, and counts the others', async () => {
    const functions = [new FakeFunction('order'), new FakeFunction('inventory')] as const;
    const { named } = await gatewayOver(functions).open();
    for (const each of functions) {
      const messages = Array.from({ length: 40 }, (_, n) => committed(each.name, `m${n}`));
      each.send('messages', { messages, skipped: 7 });
    }

    const all = () => named<{ messages: object[]; skipped: number }>('messages');
    const sum = () => all().reduce((total, { messages, skipped }) => total + messages.length + skipped, 0);
    await vi.waitFor(() => expect(sum()).toBe(94), soon);
    expect(Math.max(...all().map(({ messages }) => messages.length))).toBeLessThanOrEqual(50);
  });

  it('shares what it passes on among the functions, whichever came first', async () => {
    const functions = [new FakeFunction('order'), new FakeFunction('inventory')] as const;
    const { named } = await gatewayOver(functions).open();
    for (const each of functions) {
      const messages = Array.from({ length: 50 }, (_, n) => committed(each.name, `m${n}`));
      each.send('messages', { messages, skipped: 0 });
    }

    const all = () => named<{ messages: CommittedBody[]; skipped: number }>('messages');
    const shown = (name: string) => all().flatMap(({ messages }) => messages.filter((each) => each.function === name));
    const sum = () => all().reduce((total, { messages, skipped }) => total + messages.length + skipped, 0);
    await vi.waitFor(() => expect(sum()).toBe(100), soon);
    expect(Math.min(...functions.map(({ name }) => shown(name).length))).toBeGreaterThanOrEqual(25);
  });

  it('has room for what every function of the store sends at once', async () => {
    const functions = functionNames.map((name) => new FakeFunction(name));
    const { named } = await gatewayOver(functions).open();
    for (const each of functions) {
      const messages = Array.from({ length: OWN_SAMPLE_MAX }, (_, n) => committed(each.name, `m${n}`));
      each.send('messages', { messages, skipped: 0 });
    }

    const shown = () => named<{ messages: object[] }>('messages').flatMap(({ messages }) => messages);
    await vi.waitFor(() => expect(shown()).toHaveLength(OWN_SAMPLE_MAX * functions.length), soon);
  });

  it('names a function that goes away, goes on with the others, and takes it up again', async () => {
    const [order, inventory] = [new FakeFunction('order'), new FakeFunction('inventory')];
    const { named } = await gatewayOver([order, inventory]).open();
    inventory.send('function', { name: 'inventory', state: 'up', detail: null });
    inventory.tick(1);
    await vi.waitFor(() => expect(named<TickBody>('tick').at(-1)?.functions).toHaveLength(1), soon);

    inventory.stop();
    const states = () =>
      named<{ name: string; state: string }>('function').map(({ name, state }) => `${name} ${state}`);
    await vi.waitFor(() => expect(states()).toEqual(['inventory up', 'inventory away']), soon);
    order.tick(9);
    const shown = () =>
      named<TickBody>('tick')
        .at(-1)
        ?.functions.map(({ name }) => name);
    await vi.waitFor(() => expect(shown()).toEqual(['order']), soon);

    inventory.isDown = false;
    await vi.waitFor(() => {
      inventory.send('function', { name: 'inventory', state: 'up', detail: null });
      expect(states().at(-1)).toBe('inventory up');
    }, soon);
  });

  it('says of a function that is frozen from the start that it is away, however long another attempt takes', async () => {
    const [order, inventory] = [new FakeFunction('order'), new FakeFunction('inventory')] as const;
    inventory.isFrozen = true;
    const { named } = await gatewayOver([order, inventory]).open();

    await vi.waitFor(() => expect(named('function')).toMatchObject([{ name: 'inventory', state: 'away' }]), soon);
  });

  it('begins also where a function is away from the start', async () => {
    const [order, inventory] = [new FakeFunction('order'), new FakeFunction('inventory')];
    inventory.isDown = true;
    const { response, named } = await gatewayOver([order, inventory]).open();

    expect(response.status).toBe(200);
    const away = { name: 'inventory', state: 'away', detail: 'inventory does not answer' };
    await vi.waitFor(() => expect(named('function')).toEqual([away]), soon);
  });

  it('asks for one key, and one function', async () => {
    const [order, inventory] = [new FakeFunction('order'), new FakeFunction('inventory')];
    await gatewayOver([order, inventory]).open('?key=A%20B&function=order');

    expect([order.asked, inventory.asked]).toEqual([['/operations/order/stream?key=A+B'], []]);
  });

  it.each([
    ['?function=other', 422],
    ['?unknown=1', 422],
    ['?key=', 422],
  ])('is refused for %s', async (query, status) => {
    const { response } = await gatewayOver([new FakeFunction('order')]).open(query);

    expect(response.status).toBe(status);
  });

  it('needs the token', async () => {
    const { response } = await gatewayOver([new FakeFunction('order')], 'open-sesame').open();

    expect(response.status).toBe(401);
  });
});
