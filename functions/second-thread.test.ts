import { expect, it } from 'vitest';
import { inSecondThread } from './second-thread.ts';

it.each([
  ['embedded', ['inventory', 'notification']],
  ['kafka', ['inventory']],
] as const)('with the log %s, the second thread runs %j', (log, functions) => {
  expect(inSecondThread({ LOG: log })).toEqual(functions);
});
