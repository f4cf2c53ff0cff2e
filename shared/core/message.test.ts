import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answer, command, deriveId, fingerprint, namedId } from './message.ts';

const UUID_8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const cause = { id: '72029ae3-9876-4d2f-a0ae-aaee86b8ec34', time: '2026-03-01T10:00:00.000Z' };

const instants = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });

describe('a derived id', () => {
  it('is the same when it is decided twice', () => {
    expect(deriveId(cause, 'order 0')).toBe(deriveId({ ...cause }, 'order 0'));
  });

  it('differs by cause, by writer, by position and by decision', () => {
    const placed = command({ type: 'Place', subject: 'A', data: {} }, { ...cause, schemaversion: 1 });
    const answered = (writer: string, position: number, type: string) =>
      answer(placed, writer, position, { type, subject: 'A', data: {} }, cause.time, 1).id;
    const ids = [
      answered('order', 0, 'Placed'),
      answered('order', 1, 'Placed'),
      answered('inventory', 0, 'Placed'),
      answered('order', 0, 'Refused'),
      deriveId(cause, 'order 0'),
      deriveId({ ...cause, id: 'another' }, 'order 0'),
    ];

    expect(new Set(ids).size).toBe(ids.length);
  });

  it('differs by what is said: the same decision with other details is another message', () => {
    const placed = command({ type: 'Place', subject: 'A', data: {} }, { ...cause, schemaversion: 1 });
    const answered = (left: number) => {
      const data = { reason: { detail: `${left} left` } };
      return answer(placed, 'inventory', 0, { type: 'Rejected', subject: 'A', data }, cause.time, 1).id;
    };

    expect(answered(1)).toBe(answered(1));
    expect(answered(1)).not.toBe(answered(2));
  });

  it('is a UUID of version 8, at any time and for any id', () => {
    fc.assert(
      fc.property(fc.string(), instants, fc.nat(100), (id, time, position) => {
        expect(deriveId({ id, time: time.toISOString() }, `order ${position}`)).toMatch(UUID_8);
      }),
    );
  });

  it('sorts by the time of its cause', () => {
    fc.assert(
      fc.property(instants, instants, (one, other) => {
        const [first, second] = [one, other].map((time) => deriveId({ id: 'x', time: time.toISOString() }, 'order 0'));
        fc.pre(one.getTime() !== other.getTime());
        expect((first ?? '') < (second ?? '')).toBe(one < other);
      }),
    );
  });
});

describe('a named id', () => {
  it('depends on its name alone', () => {
    const [one, other, again] = [namedId('a'), namedId('b'), namedId('a')];

    expect(again).toBe(one);
    expect(other).not.toBe(one);
    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[58][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('a fingerprint', () => {
  it('differs by type and by data', () => {
    const prints = [
      fingerprint({ type: 'A', data: { n: 1 } }),
      fingerprint({ type: 'B', data: { n: 1 } }),
      fingerprint({ type: 'A', data: { n: 2 } }),
      fingerprint({ type: 'A', data: { n: '1' } }),
    ];

    expect([new Set(prints).size, fingerprint({ type: 'A', data: { n: 1 } })]).toEqual([4, prints[0]]);
  });
});
