import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { choreography } from './choreography.ts';
import { diagram } from './diagram.ts';

describe('the diagram of the saga', () => {
  it('is the same in ARCHITECTURE.md as generated from the choreography', () => {
    const page = readFileSync(new URL('../ARCHITECTURE.md', import.meta.url), 'utf8');
    const drawn = /<!-- saga:begin[^>]*-->\n([\s\S]*?)\n<!-- saga:end -->/.exec(page)?.[1];

    expect(drawn).toBe(diagram());
  });

  it('names every event that is emitted', () => {
    const missing = choreography.flatMap(({ emits }) => emits).filter((event) => !diagram().includes(`| ${event}`));

    expect(missing).toEqual([]);
  });
});
