import { expect, it } from 'vitest';
import { attributesOf } from '../adapters/embedded/compact-message.ts';
import type { Message } from '../core/message.ts';
import type { Store } from '../ports/store.ts';
import { outbox } from '../ports/tables/outbox.ts';
import { count } from './probe.ts';
import type { Context } from './store-reads.conformance.ts';

/** The outbox of a store, in the order of its positions. */
export async function publishedBy(store: Store) {
  const rows = await store.find({ table: outbox, orderBy: ['position'], limit: 99 });
  return rows.map(({ position = 0, attributes: { id } }) => ({ position, id }));
}

/** How a store writes its outbox. */
export function outboxes({ store, commit, published }: Context): void {
  const publish = (...messages: readonly Message[]) =>
    commit({ outbox: messages.map((message) => ({ topic: 'events', message })) });
  const [one, two, three] = [count('a', 1), count('a', 2), count('a', 3)];

  it('stores messages in the order in which they were committed', async () => {
    await publish(two, three);
    await publish(one);

    expect((await published()).map(({ id }) => id)).toEqual([two.id, three.id, one.id]);
  });

  it('has the positions and texts that the store returned, if it returns them', async () => {
    await publish(two);
    const returned = (await publish(three, one)).outbox.flatMap(({ written }) => written ?? []);

    const stored = await store().find({ table: outbox, orderBy: ['position'], limit: 9 });
    expect(returned).toHaveLength(store().features.returnsPositions ? 2 : 0);
    expect(
      returned.map(({ position, attributes, value }) => [
        position,
        attributesOf(JSON.parse(attributes)),
        JSON.parse(value),
      ]),
    ).toEqual(
      stored
        .slice(-returned.length || stored.length)
        .map(({ position, attributes, data }) => [position, attributes, data]),
    );
  });

  it('returns the attributes that a message had, also the optional ones', async () => {
    const traced = { ...two, traceparent: '00-1-2-01' };
    const requested = { ...three, requestedat: '2026-01-01T00:00:00.000Z' };
    const ofAnotherKey = { ...one, partitionkey: 'another' };
    await publish(traced, requested, ofAnotherKey);

    const stored = await store().find({ table: outbox, orderBy: ['position'], limit: 9 });
    expect(stored.map(({ attributes, data }) => ({ ...attributes, data }))).toStrictEqual([
      traced,
      requested,
      ofAnotherKey,
    ]);
  });
}
