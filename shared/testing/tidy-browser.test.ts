import { describe, expect, it } from 'vitest';
import { violationsOf } from './tidy.ts';
import { readSource } from './tidy-source.ts';

function found(path: string, text: string): readonly string[] {
  return violationsOf([readSource(path, text)]).map(({ rule, detail }) => `${rule}: ${detail}`);
}

describe('the rules of the console', () => {
  it.each([
    [
      'import { a }',
      '../../../../../saga/lifecycle.ts',
      ['imports: browser may not import values of saga/lifecycle.ts'],
    ],
    ['import type { A }', '../../../../../saga/lifecycle.ts', []],
    ['export *', 'zod', ['imports: browser may not import values of zod']],
    ['import { a }', '../parts/page.tsx', []],
    ['import { a }', 'preact/hooks', []],
  ])('lets the console have %s from %s: %j', (what, specifier, problems) => {
    expect(found('functions/gateway/console/ui/orders/page.tsx', `${what} from '${specifier}';`)).toEqual(problems);
  });

  it.each([
    ['orders/page.tsx', "fetch('/')", 'browser: only api and live talk: fetch('],
    ['orders/page.tsx', "new EventSource('/')", 'browser: only api and live talk: new EventSource'],
    ['drawing/lanes.ts', 'document.body', 'browser: drawing is pure: document'],
    ['live/stream.ts', 'body.innerHTML', 'browser: text never becomes markup: innerHTML'],
  ])('goes red on %s with %s', (path, code, problem) => {
    expect(found(`functions/gateway/console/ui/${path}`, `const x = ${code};`)).toEqual([problem]);
    expect(found('functions/gateway/console/ui/api/a.ts', `const x = ${code.replace('innerHTML', 'text')};`)).toEqual(
      [],
    );
  });
});
