import { describe, expect, it } from 'vitest';
import { failureFingerprint } from './error-report.ts';

function failure(message: string, frames: readonly string[], kind = TypeError): Error {
  const error = new kind(message);
  error.stack = [`${kind.name}: ${message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n');
  return error;
}

describe('the fingerprint of a failure', () => {
  const library = 'parse (file:///store/node_modules/zod/core.js:10:2)';
  const node = 'node:internal/process/task_queues:95:5';
  const decide = 'decide (file:///store/functions/order/decide.ts:12:7)';
  const usual = failureFingerprint('order', failure('no stock', [library, decide, node]));

  it('is the same for another message, line, and frame of a library', () => {
    const moved = 'decide (file:///store/functions/order/decide.ts:99:1)';

    expect(failureFingerprint('order', failure('no price at 10:20:30', [moved]))).toBe(usual);
    expect(failureFingerprint('order', failure('at 10:20:30', ['Array.map (<anonymous>)', moved]))).toBe(usual);
  });

  it.each([
    ['place', 'order', failure('no stock', ['evolve (file:///store/functions/order/state.ts:12:7)'])],
    ['function', 'inventory', failure('no stock', [decide])],
    ['class', 'order', failure('no stock', [decide], RangeError)],
  ])('differs with the %s', (_, name, error) => {
    expect(failureFingerprint(name, error)).not.toBe(usual);
  });
});
