import { describe, expect, it } from 'vitest';
import type { Wait } from '../../../../../shared/runtime/why/wait.ts';
import { adviceFor, curlFor } from './advice.ts';

const wait = (kind: Wait['kind'], more: Partial<Wait> = {}): Wait => ({ at: 'inventory', kind, detail: '', ...more });

describe('the advice about a wait', () => {
  it.each([
    [
      wait('dead_letter', { letter: 'abc' }),
      'npm run dead-letters -- show abc --function inventory',
      '/console/dead-letters/inventory/abc',
    ],
    [
      wait('backordered', { detail: 'A is at place 1 in the queue for P_2, of which it asks for 3' }),
      'npm run why P_2',
      '/console/stock/P_2',
    ],
    [
      wait('unsent', { message: { id: 'm', type: 'x' }, attempt: 40 }),
      'npm run notices -- send-again m',
      '/console/functions/inventory',
    ],
    [
      wait('unsent', { message: { id: 'm', type: 'x' }, attempt: 1, until: '2026-01-01T00:00:00Z' }),
      null,
      '/console/functions/inventory',
    ],
    [wait('unsent', { message: { id: 'm', type: 'x' } }), null, '/console/functions/inventory'],
    [wait('unread'), null, '/console/functions/inventory'],
    [wait('deadline'), null, undefined],
  ])('%j', (of, command, href) => {
    const advice = adviceFor(of, ['P_1', 'P_2']);
    expect([advice.command, advice.link?.href]).toEqual([command, href]);
  });
});

describe('a command line', () => {
  it('leaves nothing of an id to the shell', () => {
    expect(curlFor('http://127.0.0.1:1', "a'; rm -rf / #")).toBe(
      `curl -H "Authorization: Bearer $OPERATIONS_TOKEN" 'http://127.0.0.1:1/operations/messages/a'\\''%3B%20rm%20-rf%20%2F%20%23'`,
    );
  });
});
