import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogRecord, MessageLog } from '../ports/message-log.ts';
import type { Position } from '../ports/store.ts';
import { browsing } from './log-browse.conformance.ts';
import { type Context, type LogSubject, numbered, placeOf } from './log-examples.ts';
import { progressing } from './log-progress.conformance.ts';
import { count } from './probe.ts';

/** The name and quantity of each message, as `a1`. */
function contents(records: readonly LogRecord[]): readonly string[] {
  return records.map(({ attributes, value }) => `${attributes['subject']}${JSON.parse(value).quantity}`);
}

function placesOf(records: readonly LogRecord[]): readonly Position[] {
  const last = new Map(records.map((record) => [record.topic, placeOf(record)]));
  return [...last.values()];
}

/** The tests that every log passes: the guarantees of its port. */
export function logConformance(name: string, create: () => Promise<LogSubject>): void {
  describe(`${name}, a log`, () => {
    let subject: LogSubject;
    let log: MessageLog;
    beforeEach(async () => {
      subject = await create();
      log = await subject.open();
    });
    afterEach(async () => {
      await log.close();
      await subject.remove();
    });
    const context = (): Context => ({
      subject,
      log,
      subscribe: ({ topics = [subject.written], positions = [], wake = () => undefined } = {}) =>
        log.subscribe({ group: 'readers', topics, positions: async () => positions, wake }),
      publish: (...messages) => subject.publish(log, messages),
    });
    describe('a subscription', () => reading(context));
    describe('acknowledging', () => acknowledging(context));
    describe('waking', () => waking(context));
    describe('appending', () => appending(context));
    describe('progress', () => progressing(context));
    describe('browsing', () => browsing(context));
  });
}

function reading(context: () => Context): void {
  it('returns the records of a topic in the order in which they were written', async () => {
    const { subscribe, publish } = context();
    await publish(...numbered('a', 1, 3));
    await publish(...numbered('b', 4, 5));
    const subscription = await subscribe();

    expect(contents(await subscription.poll(10))).toEqual(['a1', 'a2', 'a3', 'b4', 'b5']);
  });

  it('returns each record whole', async () => {
    const { subscribe, publish, subject } = context();
    const { data, specversion, datacontenttype, ...attributes } = { ...count('a', 1), traceparent: '00-1-2-01' };
    await publish({ data, specversion, datacontenttype, ...attributes });
    const [record] = await (await subscribe()).poll(1);

    expect(record).toMatchObject({ topic: subject.written, partition: 0, attributes });
    expect(JSON.parse(record?.value ?? '')).toEqual(data);
  });

  it('starts with the oldest record when the group has never read', async () => {
    const { subscribe, publish } = context();
    await publish(...numbered('a', 1, 2));

    expect(contents(await (await subscribe()).poll(1))).toEqual(['a1']);
  });

  it('returns at most as many records as asked for', async () => {
    const { subscribe, publish } = context();
    await publish(...numbered('a', 1, 9));

    expect(contents(await (await subscribe()).poll(4))).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('returns nothing while a topic is empty, and is available', async () => {
    const { subscribe, subject } = context();
    const subscription = await subscribe({ topics: [subject.written, subject.publicTopic] });

    expect([await subscription.poll(10), subscription.unavailableReason()]).toEqual([[], null]);
  });

  it('reads several topics', async () => {
    const { subscribe, publish, log, subject } = context();
    await publish(count('a', 1));
    await log.append(subject.publicTopic, [count('b', 2)]);
    const subscription = await subscribe({ topics: [subject.written, subject.publicTopic] });

    expect(new Set(contents(await subscription.poll(10)))).toEqual(new Set(['a1', 'b2']));
  });

  it('returns records of every topic, also while another one has a backlog', async () => {
    const { subscribe, publish, log, subject } = context();
    await publish(...numbered('a', 1, 20));
    await log.append(subject.publicTopic, numbered('b', 1, 20));
    const subscription = await subscribe({ topics: [subject.written, subject.publicTopic] });

    const seen: LogRecord[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const records = await subscription.poll(4);
      await subscription.acknowledge(placesOf(records));
      seen.push(...records);
    }

    expect(new Set(seen.map(({ topic }) => topic))).toEqual(new Set([subject.written, subject.publicTopic]));
  });

  it('does not move another subscription', async () => {
    const { subscribe, publish } = context();
    await publish(count('a', 1));
    const [one, other] = [await subscribe(), await subscribe()];
    await one.acknowledge(placesOf(await one.poll(10)));

    expect(contents(await other.poll(10))).toEqual(['a1']);
  });
}

function acknowledging(context: () => Context): void {
  it('moves a reader on: until then polls return the same records', async () => {
    const { subscribe, publish } = context();
    await publish(...numbered('a', 1, 3));
    const subscription = await subscribe();

    const first = await subscription.poll(2);
    const again = await subscription.poll(2);
    await subscription.acknowledge(placesOf(first));
    const behind = await subscription.poll(2);

    expect([first, again, behind].map(contents)).toEqual([['a1', 'a2'], ['a1', 'a2'], ['a3']]);
  });

  it('is not needed to read records that follow unacknowledged ones', async () => {
    const { subscribe, publish } = context();
    const subscription = await subscribe();
    const other = await subscribe();
    await publish(count('a', 1));
    const first = await subscription.poll(10);
    await publish(...numbered('a', 2, 4));
    const [all, some] = [await subscription.poll(10), await subscription.poll(2)];

    expect([first, all, some].map(contents)).toEqual([['a1'], ['a1', 'a2', 'a3', 'a4'], ['a1', 'a2']]);
    expect(contents(await other.poll(10))).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('does not hide records that come later', async () => {
    const { subscribe, publish } = context();
    const subscription = await subscribe();
    await publish(count('a', 1));
    await subscription.acknowledge(placesOf(await subscription.poll(10)));
    expect(await subscription.poll(10)).toEqual([]);
    await publish(count('a', 2));

    expect(contents(await subscription.poll(10))).toEqual(['a2']);
  });

  it('lasts: a new subscription continues where the last one was', async () => {
    const { subscribe, publish, log } = context();
    await publish(...numbered('a', 1, 3));
    const before = await subscribe();
    const places = placesOf(await before.poll(2));
    await before.acknowledge(places);
    await before.close();

    const after = await subscribe({ positions: log.features.keepsPositions ? [] : places });

    expect(contents(await after.poll(10))).toEqual(['a3']);
  });

  it('the ends skips the records there are', async () => {
    const { subscribe, publish, log, subject } = context();
    await publish(...numbered('a', 1, 3));
    await log.append(subject.publicTopic, [count('b', 2)]);
    const subscription = await subscribe({ topics: [subject.written, subject.publicTopic] });

    await subscription.acknowledge(await subscription.ends());
    const skipped = await subscription.poll(10);
    await publish(count('a', 4));

    expect([skipped, contents(await subscription.poll(10))]).toEqual([[], ['a4']]);
  });
}

function waking(context: () => Context): void {
  it('follows a commit', async () => {
    const { subscribe, publish } = context();
    const wake = vi.fn();
    await subscribe({ wake });

    await publish(count('a', 1));

    await vi.waitFor(() => expect(wake).toHaveBeenCalled());
  });

  it('follows an append from outside', async () => {
    const { subscribe, log, subject } = context();
    const wake = vi.fn();
    await subscribe({ topics: [subject.publicTopic], wake });

    await log.append(subject.publicTopic, [count('a', 1)]);

    await vi.waitFor(() => expect(wake).toHaveBeenCalled());
  });

  it('ends with the subscription', async () => {
    const { subscribe, publish } = context();
    const wake = vi.fn();
    const other = vi.fn();
    const subscription = await subscribe({ wake });
    await subscribe({ wake: other });
    await subscription.close();
    // Before its end a subscription may wake at any time.
    for (const each of [wake, other]) each.mockClear();

    await publish(count('a', 1));
    await vi.waitFor(() => expect(other).toHaveBeenCalled());

    expect(wake).not.toHaveBeenCalled();
  });
}

function appending(context: () => Context): void {
  it('adds records in order, after the existing ones', async () => {
    const { subscribe, log, subject } = context();
    await log.append(subject.publicTopic, numbered('a', 1, 2));
    await log.append(subject.publicTopic, numbered('a', 3, 4));

    expect(contents(await (await subscribe({ topics: [subject.publicTopic] })).poll(10))).toEqual([
      'a1',
      'a2',
      'a3',
      'a4',
    ]);
  });

  it('is refused on a topic that a function writes', async () => {
    const { log, subject } = context();

    await expect(log.append(subject.written, [count('a', 1)])).rejects.toThrow(
      `only its own function writes to ${subject.written}`,
    );
  });
}
