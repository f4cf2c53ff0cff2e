import { expect, it } from 'vitest';
import { noAnswerOf } from './operations-parts.ts';

it.each([
  [['order'], 'order does not answer'],
  [['order', 'inventory'], 'order and inventory do not answer'],
  [['order', 'inventory', 'notification'], 'order, inventory and notification do not answer'],
])('functions that do not answer are named in one sentence: %j', (names, sentence) => {
  expect(noAnswerOf(names)).toBe(sentence);
});
