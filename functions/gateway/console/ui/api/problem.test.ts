import { describe, expect, it } from 'vitest';
import { problemIn } from './problem.ts';

const answer = (body: BodyInit, init: ResponseInit = {}) =>
  problemIn(new Response(body, { status: 502, statusText: 'Bad Gateway', ...init }));
const madeUp = { title: 'Bad Gateway', detail: 'the store answered 502', status: 502 };

describe('the problem in an answer', () => {
  it('is what the store says, with the status of the answer', async () => {
    const errors = [{ pointer: '/quantity', detail: 'must be at least 1' }];
    const said = { title: 'Unprocessable', detail: 'quantity must be at least 1', errors };

    expect(await answer(JSON.stringify({ ...said, status: 200 }), { status: 422 })).toEqual({ ...said, status: 422 });
  });

  it.each([
    ['HTML of a proxy', '<h1>502 Bad Gateway</h1>'],
    ['nothing', ''],
    ['a text', '"gone"'],
    ['null', 'null'],
    ['a list', '[{"title":"gone"}]'],
    ['an object without any of it', '{"message":"gone"}'],
    ['other types', '{"title":5,"detail":{"a":1},"errors":"x"}'],
  ])('is made up where it holds %s', async (_, body) => {
    expect(await answer(body)).toEqual(madeUp);
  });

  it('is made up in the parts that are not as they should be', async () => {
    expect(await answer('{"title":["gone"],"detail":"try later"}')).toEqual({ ...madeUp, detail: 'try later' });
    const errors = [{ pointer: '/a', detail: 'is wrong' }, null, { pointer: 1, detail: 'is wrong' }, 'x'];
    expect(await answer(JSON.stringify({ errors }))).toEqual({
      ...madeUp,
      errors: [{ pointer: '/a', detail: 'is wrong' }],
    });
  });
});
