import { describe, expect, it } from 'vitest';
import type { Wait } from './wait.ts';
import { explainWaits } from './why-routes.ts';

const wait = (kind: Wait['kind']): Wait => ({ at: 'probe', kind, detail: `it is ${kind}` });
const open = { id: 'A', status: 'placed', hasOutcome: false };
const over = { id: 'A', status: 'confirmed', hasOutcome: true };

describe('the waits of a saga', () => {
  it('are explained by the first that blocks it, with the deadline last', () => {
    expect(explainWaits(open, [wait('deadline'), wait('parked'), wait('unread')], 'nothing blocks it')).toEqual({
      summary: 'A is placed: it is parked',
      waits: [wait('parked'), wait('unread'), wait('deadline')],
    });
  });

  it('do not block it with a deadline alone', () => {
    expect(explainWaits(open, [wait('deadline')], 'nothing blocks it').summary).toBe('nothing blocks it');
  });

  it.each([
    ['blocks a saga without an outcome', open, ['discarded']],
    ['does not concern one that has its outcome', over, []],
  ])('hold a discarded message that %s', (_, saga, kinds) => {
    expect(explainWaits(saga, [wait('discarded')], '').waits.map(({ kind }) => kind)).toEqual(kinds);
  });
});
