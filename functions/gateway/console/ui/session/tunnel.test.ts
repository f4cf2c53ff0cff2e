import { describe, expect, it } from 'vitest';
import { tunnelTo } from './tunnel.ts';

describe('a tunnel to a store that is reached over plain HTTP', () => {
  it.each([
    ['http://shop.test:8900/console', 'ssh -L 8900:127.0.0.1:8900 shop.test', 'http://localhost:8900/console'],
    ['http://10.0.0.7/console', 'ssh -L 8900:127.0.0.1:80 10.0.0.7', 'http://localhost:8900/console'],
    ['http://[fe80::1]:80/console', 'ssh -L 8900:127.0.0.1:80 fe80::1', 'http://localhost:8900/console'],
  ])('at %s begins with %s', (page, command, url) => {
    expect(tunnelTo(new URL(page))).toEqual({ command, url });
  });
});
