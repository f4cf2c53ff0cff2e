import { describe, expect, it } from 'vitest';
import { assertFreeNames } from './reserved-names.ts';

describe('the names of functions', () => {
  it('are free where no path of the gateway has them', () => {
    expect(() => assertFreeNames(['order', 'inventory', 'notification'])).not.toThrow();
  });

  it.each(['store', 'functions', 'topics', 'messages', 'trace', 'stream', 'session'])('cannot be %s', (name) => {
    expect(() => assertFreeNames(['order', name])).toThrow(`no function can be called ${name}`);
  });
});
