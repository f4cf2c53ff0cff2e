import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FetchWatch } from './fetch-watch.ts';

const LANE = { topic: 'events', partition: 0 };

describe('the watch over what a consumer fetches', () => {
  /** The offset that the lane waits for; null while it is full. */
  let wanted: number | null;
  let high: number;
  /** How far a fetch without the consumer gets. */
  let readable: number;
  /** What the consumer has; null while it is not in its group. */
  let assigned: readonly (typeof LANE)[] | null;
  const ends = vi.fn(async () => [{ ...LANE, low: 0, high }]);
  const records = vi.fn(async (_: object, offset: number) => ({ records: [], next: Math.max(offset, readable) }));
  const onLost = vi.fn();
  let watch: FetchWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.clearAllMocks();
    [wanted, high, readable, assigned] = [3, 3, 3, [LANE]];
    const lanes = () => (wanted === null ? [] : [{ ...LANE, wanted }]);
    watch = new FetchWatch({ lanes, ends, records, all: [LANE], assigned: () => assigned, onLost });
  });
  afterEach(() => {
    watch.close();
    vi.useRealTimers();
  });

  /** One or more messages are appended to the lane. */
  const append = (count: number) => {
    high += count;
    readable = high;
  };
  const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1_000);

  it('tells once of a lane that stands still for half a minute although it has messages', async () => {
    append(2);
    await seconds(34);
    expect(onLost).not.toHaveBeenCalled();

    await seconds(1);

    expect(onLost).toHaveBeenCalledExactlyOnceWith('events/0 has messages that were not fetched for 30 s');
    await seconds(29);
    expect(onLost).toHaveBeenCalledTimes(1);
    await seconds(1);
    expect(onLost).toHaveBeenCalledTimes(2);
  });

  it('has nothing to tell of a lane at its end, and counts from when a message comes', async () => {
    await seconds(3_600);
    append(1);
    await seconds(29);

    expect(onLost).not.toHaveBeenCalled();
    await seconds(1);
    expect(onLost).toHaveBeenCalled();
  });

  it('has nothing to tell of a lane that goes on, however slowly, nor of one that is full', async () => {
    append(100);
    for (let fetched = 0; fetched < 5; fetched += 1) {
      await seconds(25);
      wanted = (wanted ?? 0) + 1;
    }
    wanted = null;
    await seconds(60);

    expect(onLost).not.toHaveBeenCalled();
  });

  it('asks where a topic ends only while a lane of it stands still', async () => {
    for (let fetched = 0; fetched < 5; fetched += 1) {
      append(1);
      wanted = high;
      await seconds(5);
    }

    expect(ends).not.toHaveBeenCalled();
    await seconds(5);
    expect(ends).toHaveBeenCalledExactlyOnceWith(['events']);
  });

  it('leaves the consumer alone where another one can fetch nothing either, as behind an open transaction', async () => {
    high += 2;
    await seconds(60);

    expect(records).toHaveBeenCalled();
    expect(onLost).not.toHaveBeenCalled();
  });

  it('leaves the consumer alone that goes on in the last moment', async () => {
    append(2);
    records.mockImplementationOnce(async () => {
      wanted = high;
      return { records: [], next: high };
    });
    await seconds(120);

    expect([records.mock.calls.length, onLost.mock.calls]).toEqual([1, []]);
  });

  it('counts no look that the broker did not answer', async () => {
    append(1);
    await seconds(20);
    ends.mockRejectedValueOnce(new Error('no answer')).mockRejectedValueOnce(new Error('no answer'));
    await seconds(24);
    expect(onLost).not.toHaveBeenCalled();
    await seconds(1);
    expect(onLost).toHaveBeenCalled();
  });

  it('tells of a lane that the only consumer of a group does not get for half a minute, each time anew', async () => {
    [wanted, assigned] = [null, []];
    await seconds(29);
    expect(onLost).not.toHaveBeenCalled();
    await seconds(1);
    expect(onLost).toHaveBeenCalledExactlyOnceWith(
      'events/0 was not assigned to the only consumer of its group for 30 s',
    );
    await seconds(30);
    expect(onLost).toHaveBeenCalledTimes(2);
  });

  it('tells of it also while the broker answers nothing else', async () => {
    assigned = [];
    ends.mockImplementation(() => new Promise(() => undefined));
    await seconds(30);

    expect(onLost).toHaveBeenCalled();
  });

  it.each([
    ['that is out of its group', () => null],
    ['that gets it soon', () => [LANE]],
  ])('leaves a consumer alone %s', async (_, next) => {
    assigned = [];
    await seconds(25);
    assigned = next();
    await seconds(5);
    assigned = [];
    await seconds(25);

    expect(onLost).not.toHaveBeenCalled();
  });

  it('looks at nothing any more when it is closed', async () => {
    append(1);
    watch.close();
    await seconds(60);

    expect([ends.mock.calls, onLost.mock.calls]).toEqual([[], []]);
  });
});
