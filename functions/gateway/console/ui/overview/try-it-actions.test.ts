import { expect, it } from 'vitest';
import { replayText } from './try-it-actions.ts';

it.each([
  ['says that the stock has not moved', '7 and 13', '7 and 13', ' Stock has not moved: 7 and 13 on hand.'],
  ['says nothing of a stock that has moved', '7 and 13', '5 and 13', ''],
  ['says nothing of a stock that is not known', '', '', ''],
])('a replay %s', (_, before, now, stock) => {
  const text = 'ORDER_001 was there: this is the first answer again, a replay.';
  expect(replayText('ORDER_001', before, now)).toBe(text + stock);
});
