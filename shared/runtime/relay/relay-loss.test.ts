import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { FakeTarget, PARTITIONS } from '../../testing/fake-relay-target.ts';
import { logLines } from '../../testing/log-lines.ts';
import { drain, openRelayed, publish } from '../../testing/relay-bench.ts';
import { HeldLease } from '../worker/held-lease.ts';
import { Relay } from './relay.ts';

const WARNING = 'probe sends again what counted had and has no more: was it made anew?';

let logged: ReturnType<typeof logLines>;
let store: SqliteStore;
let log: FakeTarget;
beforeEach(() => {
  store = openRelayed();
  log = new FakeTarget();
  logged = logLines();
});
afterEach(() => store.close());

function relay(): Relay {
  const clock = { nowMs: () => 0, upMs: () => 0 };
  const lease = new HeldLease(store.leases, 'relay', clock);
  const parts = { name: 'probe', topic: 'counted', relayed: store.relayed, target: log, clock, lease };
  return new Relay({ ...parts, logger: logged.logger, unsentMax: 1_000 });
}

/** A relay that has sent these messages to a topic which is deleted and made anew since. */
async function relayToLost(...keys: readonly string[]): Promise<Relay> {
  await publish(store, ...keys);
  const one = relay();
  await drain(one);
  makeAnew();
  return one;
}

function makeAnew(): void {
  log.arrived.length = 0;
}

async function failAfter(one: Relay, arriving: number): Promise<void> {
  log.faults.push(arriving);
  await expect(one.step()).rejects.toThrow('the broker is gone');
}

function sent(): readonly number[] {
  return log.arrived.map(({ position }) => position);
}

function warnings(): readonly string[] {
  return logged.lines.filter(({ level }) => level === 40).map(({ msg }) => String(msg));
}

describe('a relay whose topic was made anew', () => {
  it('sends everything again from its start on', async () => {
    await relayToLost('a', 'b', 'a');
    await publish(store, 'b');
    await drain(relay());

    expect(sent()).toEqual([1, 2, 3, 4]);
    expect(await store.relayed.placeOf('counted', 3)).toEqual({ partition: 'a'.charCodeAt(0) % PARTITIONS, offset: 1 });
  });

  it('finds that a newer message has the place of an older one, and sends everything again', async () => {
    const one = await relayToLost('b', 'a');
    await publish(store, 'a');
    await drain(one);

    const [early, ...again] = log.arrived;
    expect([early?.position, ...again.map(({ position }) => position)]).toEqual([3, 1, 2, 3]);
    expect(again.every(({ token }) => token > (early?.token ?? 0))).toBe(true);
    expect(await store.relayed.placeOf('counted', 3)).toEqual({ partition: 'a'.charCodeAt(0) % PARTITIONS, offset: 2 });
    expect(warnings()).toEqual([WARNING]);
  });

  it('sends what it had before anything newer where sends fail meanwhile', async () => {
    await publish(store, 'b', 'a');
    const one = relay();
    await drain(one);
    await publish(store, 'a');
    await failAfter(one, 0);
    makeAnew();
    await drain(one);

    expect(sent()).toEqual([1, 2, 3]);
  });

  it('sends everything again where a send that failed has filled the places of older messages', async () => {
    const one = await relayToLost('a');
    await publish(store, 'a');
    await failAfter(one, 1);
    await drain(one);

    expect(sent()).toEqual([2, 1, 2]);
    expect(warnings()).toEqual([WARNING]);
  });

  it('sends everything again where it was the second send in a row that failed and filled them', async () => {
    await publish(store, 'a');
    const one = relay();
    await drain(one);
    await publish(store, 'a');
    await failAfter(one, 0);
    const { send } = log;
    vi.spyOn(log, 'send').mockImplementationOnce((...given) => {
      makeAnew();
      return send.apply(log, given);
    });
    await failAfter(one, 1);
    await drain(one);

    expect(sent()).toEqual([2, 1, 2]);
  });

  it('sends everything again where a part of a send that failed has filled the places of one lane', async () => {
    const one = await relayToLost('a', 'b');
    await publish(store, 'a', 'b');
    await failAfter(one, 1);
    await drain(one);

    expect(sent()).toEqual([3, 1, 2, 3, 4]);
    expect(warnings()).toEqual([WARNING]);
  });

  it('sends everything again where its process died between the send that filled them and its mark', async () => {
    const one = await relayToLost('a');
    await publish(store, 'a');
    await failAfter(one, 1);
    await drain(relay());

    expect(sent()).toEqual([2, 1, 2]);
  });

  it('warns of each loss once', async () => {
    const one = await relayToLost('a', 'b');
    await publish(store, 'a', 'b');
    await drain(one);
    makeAnew();
    await publish(store, 'a', 'b');
    await drain(one);

    expect(warnings()).toEqual([WARNING, WARNING]);
  });

  it('changes nothing where another run has sent everything again meanwhile', async () => {
    const one = await relayToLost('a', 'b');
    await publish(store, 'a');
    await failAfter(one, 0);
    const { missing } = log;
    vi.spyOn(log, 'missing').mockImplementationOnce(async (...given) => {
      const lost = await missing.apply(log, given);
      await drain(relay());
      return lost;
    });
    await drain(one);

    expect(sent()).toEqual([1, 2, 3]);
  });
});

describe('a relay whose topic has what it was sent', () => {
  it('asks for it at its begin and after a send that failed, and at no other time', async () => {
    const asked = vi.spyOn(log, 'missing');
    const one = relay();
    const sendOne = async () => {
      await publish(store, 'a');
      await drain(one);
      return asked.mock.calls.length;
    };
    const before = [await sendOne(), await sendOne()];
    log.faults.push(0);
    await expect(sendOne()).rejects.toThrow('the broker is gone');

    expect([...before, await sendOne(), await sendOne()]).toEqual([1, 1, 2, 2]);
  });

  it('asks for the newest message of each lane, unless its outbox has that no more', async () => {
    await publish(store, 'a', 'b', 'c', 'a');
    await drain(relay());
    await publish(store, 'a');
    await drain(relay());
    store.database.exec('DELETE FROM outbox WHERE position < 3');
    const newest = await store.relayed.newestSent('counted');

    expect(newest.map(({ partition, offset, position }) => [partition, offset, position])).toEqual([
      ['c'.charCodeAt(0) % PARTITIONS, 0, 3],
      ['a'.charCodeAt(0) % PARTITIONS, 2, 5],
    ]);
  });

  it('sends nothing of it again', async () => {
    await publish(store, 'a', 'b', 'a');
    await drain(relay());
    await drain(relay());

    expect(sent()).toEqual([1, 2, 3]);
    expect(warnings()).toEqual([]);
  });

  it('sends nothing of it again where the data were in another log, however the topic has changed meanwhile', async () => {
    await publish(store, 'a', 'b');
    await drain(relay());
    store.home.move('embedded');
    await publish(store, 'a');
    store.home.move('fake');
    makeAnew();
    await publish(store, 'b');
    await drain(relay());

    expect(sent()).toEqual([4]);
  });
});
