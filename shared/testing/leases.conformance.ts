import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Leases } from '../ports/leases.ts';

const TTL_MS = 10_000;

/** The leases of one function, for one test. */
export interface LeasesSubject {
  readonly leases: Leases;
  /** Another instance that contends for them; null where there is one instance, which has all of them. */
  readonly other: Leases | null;
  /** Lets time pass, by the clock of the engine. */
  advance(ms: number): void;
  /** Starts the first instance anew. */
  restart(): Promise<Leases>;
  remove(): Promise<void>;
}

/** The tests that every engine's leases pass: the guarantees of their port. */
export function leasesConformance(
  name: string,
  { severalInstances }: { readonly severalInstances: boolean },
  create: () => Promise<LeasesSubject>,
): void {
  describe(`${name}, leases`, () => {
    let subject: LeasesSubject;
    beforeEach(async () => {
      subject = await create();
    });
    afterEach(() => subject.remove());

    it('are granted independently of each other while no instance holds them', async () => {
      const taken = [await subject.leases.take('one', TTL_MS), await subject.leases.take('two', TTL_MS)];

      expect(taken.every((lease) => lease !== null && lease.validMs > 0)).toBe(true);
    });

    it('keep their token while they are renewed', async () => {
      const first = await subject.leases.take('one', TTL_MS);
      subject.advance(TTL_MS - 1);
      const second = await subject.leases.take('one', TTL_MS);
      subject.advance(TTL_MS - 1);
      const third = await subject.leases.take('one', TTL_MS);

      expect([second, third]).toEqual([first, first]);
    });

    it('have a greater token after a restart of their holder', async () => {
      const before = await subject.leases.take('one', TTL_MS);
      const again = await subject.restart();
      subject.advance(TTL_MS);
      const after = await again.take('one', TTL_MS);

      expect(after?.token).toBeGreaterThan(before?.token ?? Number.POSITIVE_INFINITY);
    });

    it('can be given up and taken again', async () => {
      await subject.leases.release('one');
      await subject.leases.take('one', TTL_MS);
      await subject.leases.release('one');

      expect(await subject.leases.take('one', TTL_MS)).not.toBeNull();
    });

    if (severalInstances) describe('that several instances contend for', () => contended(() => subject));
  });
}

function contended(subject: () => LeasesSubject): void {
  const both = () => {
    const { leases, other } = subject();
    if (other === null) throw new Error('there is no other instance');
    return { leases, other };
  };

  it('are refused while another instance holds them, until their time is over', async () => {
    const { leases, other } = both();
    const first = await leases.take('one', TTL_MS);
    subject().advance(TTL_MS - 1);
    const early = await other.take('one', TTL_MS);
    subject().advance(1);
    const late = await other.take('one', TTL_MS);

    expect([early, late?.validMs]).toEqual([null, TTL_MS]);
    expect(late?.token).toBeGreaterThan(first?.token ?? Number.POSITIVE_INFINITY);
  });

  it('are refused to a former holder that comes too late, and then granted with a greater token', async () => {
    const { leases, other } = both();
    await leases.take('one', TTL_MS);
    subject().advance(TTL_MS);
    const taken = await other.take('one', TTL_MS);
    const refused = await leases.take('one', TTL_MS);
    subject().advance(TTL_MS);
    const again = await leases.take('one', TTL_MS);

    expect(refused).toBeNull();
    expect(again?.token).toBeGreaterThan(taken?.token ?? Number.POSITIVE_INFINITY);
  });

  it('are granted to another instance at once when they are given up', async () => {
    const { leases, other } = both();
    await leases.take('one', TTL_MS);
    await leases.release('one');

    expect(await other.take('one', TTL_MS)).not.toBeNull();
  });

  it('are not given up by an instance that does not hold them', async () => {
    const { leases, other } = both();
    await leases.take('one', TTL_MS);
    await other.release('one');

    expect(await other.take('one', TTL_MS)).toBeNull();
  });
}
