import { afterEach, expect, it, vi } from 'vitest';

const tool = new URL('../../shared/tools/service-process.mjs', import.meta.url).href;
const { freePort } = (await import(tool)) as { freePort(): Promise<number> };

afterEach(() => void vi.restoreAllMocks());

it('a free port is given out once, although no program listens there yet', async () => {
  vi.spyOn(Math, 'random').mockReturnValueOnce(0.5).mockReturnValueOnce(0.5);

  const [first, second] = [await freePort(), await freePort()];

  expect(second).not.toBe(first);
});
