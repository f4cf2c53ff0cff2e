import { describe, expect, it } from 'vitest';
import { formatBytes, formatRate, formatShort } from './format.ts';

describe('numbers', () => {
  it('are short where there is little room', () => {
    expect([formatShort(1_640), formatShort(12_340)]).toEqual(['1,640', '12.3K']);
    expect([formatRate(0.44), formatRate(120.4)]).toEqual(['0.4/s', '120/s']);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [4_152_992, '4.2 MB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
