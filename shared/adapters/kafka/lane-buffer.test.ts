import { describe, expect, it } from 'vitest';
import { type Buffered, BYTES_MAX, LaneBuffer, RECORDS_MAX } from './lane-buffer.ts';

function fetched(from: number, to: number, bytes = 1): readonly Buffered[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const record = { topic: 'events', partition: 0, position: from + index, attributes: {}, value: '' };
    return { record, bytes, timestampMs: from + index };
  });
}

function positions(buffer: LaneBuffer, max = 10_000): readonly number[] {
  return buffer.poll(max).map(({ position }) => position);
}

describe('the buffer of a lane', () => {
  it('gives the same records until they are acknowledged', () => {
    const buffer = new LaneBuffer(0);
    buffer.add(fetched(1, 3), 3);

    expect([positions(buffer, 2), positions(buffer, 2)]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(buffer.acknowledge(2)).toBe(false);
    expect([positions(buffer), buffer.position, buffer.next, buffer.first?.timestampMs]).toEqual([[3], 2, 3, 3]);
  });

  it('drops what was processed before it came', () => {
    const buffer = new LaneBuffer(2);
    buffer.add(fetched(1, 4), 4);

    expect(positions(buffer)).toEqual([3, 4]);
  });

  it('goes over gaps', () => {
    const buffer = new LaneBuffer(0);
    buffer.add(fetched(2, 2), 5);
    buffer.add(fetched(9, 9), 9);
    buffer.acknowledge(5);

    expect([positions(buffer), buffer.next]).toEqual([[9], 9]);
  });

  it('never goes back', () => {
    const buffer = new LaneBuffer(5);

    expect(() => buffer.add([], 4)).toThrow('a lane goes from offset 5 back to 4');
    buffer.acknowledge(3);
    expect(buffer.position).toBe(5);
  });

  it('is sought where more is acknowledged than was fetched', () => {
    const buffer = new LaneBuffer(0);
    buffer.add(fetched(1, 3), 3);

    expect(buffer.acknowledge(7)).toBe(true);
    expect([positions(buffer), buffer.position, buffer.next]).toEqual([[], 7, 7]);
  });

  it.each([
    ['records', fetched(1, RECORDS_MAX)],
    ['bytes', fetched(1, 8, BYTES_MAX / 8)],
  ])('is full by its %s, and half empty at half of them', (_, records) => {
    const buffer = new LaneBuffer(0);
    buffer.add(records.slice(0, -1), records.length - 1);
    expect(buffer.isFull).toBe(false);
    buffer.add(records.slice(-1), records.length);
    expect([buffer.isFull, buffer.isHalfEmpty]).toEqual([true, false]);

    buffer.acknowledge(records.length / 2 - 1);
    expect(buffer.isHalfEmpty).toBe(false);
    buffer.acknowledge(records.length / 2);
    expect([buffer.isFull, buffer.isHalfEmpty]).toEqual([false, true]);
  });
});
