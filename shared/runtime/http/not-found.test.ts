import { expect, it } from 'vitest';
import { logLines } from '../../testing/log-lines.ts';
import { addPage, createApp } from './app.ts';

const app = createApp(logLines().logger);
app.use('*', async (_, next) => next());
addPage(app, '/docs', (c) => c.text('here'));

it.each([
  ['/docs/', 'there is nothing at /docs/; try it without the slash at its end'],
  ['/orders/', 'there is nothing at /orders/'],
  ['/orders', 'there is nothing at /orders'],
])('an address where nothing is is said to work without its slash only where it does: %s', async (path, sentence) => {
  const response = await app.request(path);

  expect([response.status, await response.json()]).toEqual([404, expect.objectContaining({ detail: sentence })]);
});
