/**
 * A client of server-sent events as the HTML standard describes `EventSource`: it connects again after a stream has ended
 * or broken, from the last id that it was sent, and gives up for good after any other answer.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { NoticeBody } from './client.ts';

export interface ReceivedEvent {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

const RETRY_MS = 1_000;

export class EventSourceClient {
  readonly events: ReceivedEvent[] = [];
  /** How often a stream was opened, and how often that was tried. */
  opened = 0;
  tried = 0;
  /** How many streams broke off before their end. */
  broken = 0;
  /** Comments received, which show that the stream lives. */
  comments = 0;
  /** The answer after which it has given up; null while it has not. */
  failed: string | null = null;
  lastEventId: string;
  retryMs = RETRY_MS;
  readonly #url: string;
  #outgoing: ClientRequest | null = null;
  #isClosed = false;

  constructor(url: string, lastEventId = '') {
    this.#url = url;
    this.lastEventId = lastEventId;
    onTestFinished(() => this.close());
    void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#outgoing?.destroy();
  }

  /** The notices received, as `ORDER fact`. */
  notices(): readonly string[] {
    return this.events.filter(({ event }) => event === 'notification').map(({ data }) => factIn(data));
  }

  notificationIds(): readonly string[] {
    const notices = this.events.filter(({ event }) => event === 'notification');
    return notices.map(({ data }) => (JSON.parse(data) as NoticeBody).notificationId);
  }

  /** The reasons of the resets received. */
  resets(): readonly string[] {
    const resets = this.events.filter(({ event }) => event === 'reset');
    return resets.map(({ data }) => (JSON.parse(data) as { readonly reason: string }).reason);
  }

  async #run(): Promise<void> {
    while (!this.#isClosed && this.failed === null) {
      try {
        await this.#connect();
      } catch {
        // A connection that breaks, or cannot be made, is tried again.
      }
      if (!this.#isClosed) await sleep(this.retryMs);
    }
  }

  async #connect(): Promise<void> {
    this.tried += 1;
    const resume: Record<string, string> = this.lastEventId === '' ? {} : { 'last-event-id': this.lastEventId };
    const outgoing = request(this.#url, { headers: { accept: 'text/event-stream', ...resume }, agent: false });
    this.#outgoing = outgoing;
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).on('error', reject).end();
    });
    const type = incoming.headers['content-type'];
    if (incoming.statusCode !== 200 || type !== 'text/event-stream') {
      this.failed = `${incoming.statusCode} ${type}`;
      outgoing.destroy();
      return;
    }
    this.opened += 1;
    let rest = '';
    try {
      for await (const chunk of incoming.setEncoding('utf8')) {
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) this.#take(block);
      }
    } catch (error) {
      this.broken += 1;
      throw error;
    }
  }

  #take(block: string): void {
    let event = 'message';
    let data: string | null = null;
    for (const line of block.split('\n')) {
      if (line.startsWith(':')) this.comments += 1;
      const [, name, value = ''] = /^(\w*):? ?(.*)$/.exec(line) ?? [];
      if (name === 'event') event = value;
      if (name === 'data') data = value;
      if (name === 'id') this.lastEventId = value;
      if (name === 'retry') this.retryMs = Number(value);
    }
    if (data !== null) this.events.push({ event, id: this.lastEventId, data });
  }
}

function factIn(data: string): string {
  const { orderId, fact } = JSON.parse(data) as NoticeBody;
  return `${orderId} ${fact}`;
}
