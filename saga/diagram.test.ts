import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { choreography } from './choreography.ts';
import { diagram } from './diagram.ts';

describe('the diagram of the saga', () => {
  it('is the same in the README as generated from the choreography', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const drawn = /<!-- saga:begin[^>]*-->\n([\s\S]*?)\n<!-- saga:end -->/.exec(readme)?.[1];

    expect(drawn).toBe(diagram());
  });

  it('names every event that is emitted', () => {
    const missing = choreography.flatMap(({ emits }) => emits).filter((event) => !diagram().includes(`| ${event}`));

    expect(missing).toEqual([]);
  });
});
