import { describe, expect, it } from 'vitest';
import { laneStart } from './lane-start.ts';

const known = { position: 5, epoch: 'one', proof: 'm-5' };
const start = (own: Parameters<typeof laneStart>[0], low: number, high: number, mayMiss = false) =>
  laneStart(own, { low, high }, mayMiss, 'new');

describe('a lane is taken up', () => {
  it.each<readonly [string, object, ReturnType<typeof start>]>([
    ['at its oldest record where nothing was read', { position: 0, epoch: 'new', proof: null }, start(undefined, 0, 9)],
    ['where it was, with a proof', known, start(known, 0, 9)],
    ['at the end, with a proof', known, start(known, 0, 5)],
    ['without a proof that was never noted', { ...known, proof: null }, start({ position: 5, epoch: 'one' }, 0, 9)],
    ['without a proof that is pruned', { ...known, proof: null }, start(known, 5, 9)],
    ['without an epoch that was never noted', { position: 5, epoch: '', proof: null }, start({ position: 5 }, 0, 9)],
    ['anew where its position is behind the end', { position: 0, epoch: 'new', proof: null }, start(known, 0, 4)],
    ['anew behind what is pruned of the new topic', { position: 2, epoch: 'new', proof: null }, start(known, 2, 4)],
    ['not where unread records are pruned', { missed: 'records 6 to 8' }, start(known, 8, 9)],
    ['not where records are pruned and none was read', { missed: 'records 1 to 3' }, start(undefined, 3, 9)],
    ['behind them where it may', { position: 8, epoch: 'one', proof: null }, start(known, 8, 9, true)],
    ['behind them by a new group', { position: 3, epoch: 'new', proof: null }, start(undefined, 3, 9, true)],
  ])('%s', (_, expected, found) => {
    expect(found).toEqual(expected);
  });
});
