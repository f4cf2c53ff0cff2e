/** Whatever becomes of sends, writers, topics and lagging lanes: each message has its effect once, with old inbox rows gone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReadCopy } from '../../core/read-marks.ts';
import { KEPT_DAYS, type ReaderRules, RelayModel, readerRules } from '../../testing/relay-model.ts';

const RUNS = 10_000;
const SEED = 13;

const max = fc.integer({ min: 1, max: 4 });
const lost = fc.integer({ min: 0, max: 7 });
const days = fc.integer({ min: 1, max: 5 });
const named = <Name extends string>(...names: readonly Name[]) => fc.constantFrom(...names);
/** A method of the model, with its arguments. */
const act = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(named('publish'), fc.constantFrom('a', 'b', 'c', 'd')) },
  { weight: 6, arbitrary: fc.tuple(named('send'), max, fc.oneof(fc.constant(0), lost)) },
  { weight: 6, arbitrary: fc.tuple(named('read'), fc.nat(3), max) },
  { weight: 2, arbitrary: fc.tuple(named('die'), max, lost) },
  { weight: 2, arbitrary: fc.tuple(named('freeze'), max) },
  { weight: 2, arbitrary: fc.tuple(named('thaw'), lost) },
  { weight: 2, arbitrary: fc.tuple(named('restore'), fc.constantFrom(0, 0, 9), fc.boolean()) },
  { weight: 1, arbitrary: fc.tuple(named('makeAnew'), fc.integer({ min: 1, max: 4 })) },
  { weight: 4, arbitrary: fc.tuple(named('restart', 'backUp', 'readAgain', 'drain', 'park')) },
  { weight: 1, arbitrary: fc.tuple(named('retry'), max) },
  { weight: 3, arbitrary: fc.tuple(named('pass'), days) },
  { weight: 3, arbitrary: fc.tuple(named('prune')) },
);

/** What goes wrong under these rules, with the steps to it; null where nothing does. */
function problemUnder(rules: ReaderRules): string | null {
  const property = fc.property(fc.array(act, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
    const model = new RelayModel(rules);
    for (const [name, ...given] of steps) (model[name] as (...args: readonly unknown[]) => void).apply(model, given);
    model.drain();
    model.thaw();
    model.drain();
    expect(model.problem()).toBeNull();
  });
  const { failed, counterexample } = fc.check(property, { numRuns: RUNS, seed: SEED });
  return failed ? JSON.stringify(counterexample) : null;
}

describe('an inbox that forgets what is old', () => {
  it('lets each message have its effect once', () => {
    expect(problemUnder(readerRules)).toBeNull();
  }, 60_000);

  it.each<[string, Partial<ReaderRules>]>([
    // As it was first drawn: what is settled does not come again. A topic that was made anew gets it again all the same.
    ['nothing vouches for a settled message', { watermarksBefore: () => [] }],
    ['a lane that lags counts as read as far as the others', { laneOf: () => 0 }],
    ['a restored writer is taken for the one before', { readAs: (copy) => ({ ...copy, epoch: '' }) }],
    ['a topic with other partitions is taken for the one before', { readAs: (copy) => ({ ...copy, lanes: 3 }) }],
    ['a mark vouches a day later than the inbox forgets', { markDays: KEPT_DAYS + 1 }],
    ['the message at a mark is not vouched for', { watermarksBefore: moved(-1) }],
    ['the message behind a mark is vouched for', { watermarksBefore: moved(1) }],
    ['a row goes while a copy is parked', { waitsForParked: false }],
    ['a message that was written again is forgotten with its first copy', { isBehindMarks: () => false }],
    [
      'a copy of the newest run counts as late',
      { isLateCopy: (marks, copy) => marks.some((mark) => isSameRun(mark, copy)) },
    ],
    ['runs are compared over epochs', { isLateCopy: (marks, { token }) => marks.some((mark) => mark.token > token) }],
  ])(
    'would not, where %s',
    (_, bug) => {
      expect(problemUnder({ ...readerRules, ...bug })).not.toBeNull();
    },
    60_000,
  );
});

function moved(by: number): ReaderRules['watermarksBefore'] {
  return (marks, day) =>
    readerRules.watermarksBefore(marks, day).map((found) => ({ ...found, position: found.position + by }));
}

function isSameRun(mark: ReadCopy, copy: ReadCopy): boolean {
  return mark.epoch === copy.epoch && mark.token >= copy.token;
}
