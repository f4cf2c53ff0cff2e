import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { browser } from './browser.ts';

const refused = () => new DOMException('The request was denied.', 'SecurityError');

/** A browser whose lock is asked for by `request`; without a channel where it keeps no site data. */
function stubBrowser(request: ((...args: readonly unknown[]) => Promise<unknown>) | null, hasChannel = true) {
  vi.stubGlobal('navigator', request === null ? {} : { locks: { request } });
  vi.stubGlobal(
    'BroadcastChannel',
    class {
      readonly postMessage = posted;
      readonly close = () => undefined;

      constructor() {
        if (!hasChannel) throw refused();
      }
    },
  );
  onTestFinished(() => void vi.unstubAllGlobals());
}
const posted = vi.fn();
const grant = (...[, , hold]: readonly unknown[]) => (hold as () => Promise<unknown>)();

describe('a tab', () => {
  const leads = vi.fn();
  const leaving = new AbortController();
  beforeEach(() => {
    leads.mockClear();
    posted.mockClear();
  });

  it('leads once it has the lock, and tells the others', () => {
    stubBrowser(grant);

    browser.lead(leaving.signal, leads);
    browser.join(() => undefined).send({ kind: 'hello' });

    expect(leads).toHaveBeenCalledTimes(1);
    expect(posted).toHaveBeenCalledWith({ kind: 'hello' });
  });

  it('does not lead while another has the lock', async () => {
    stubBrowser(() => new Promise(() => undefined));

    browser.lead(leaving.signal, leads);
    await new Promise((resolve) => setImmediate(resolve));

    expect(leads).not.toHaveBeenCalled();
  });

  it('does not lead when it is closed before it has the lock', async () => {
    stubBrowser(() => Promise.reject(new DOMException('The request was aborted.', 'AbortError')));

    browser.lead(AbortSignal.abort(), leads);
    await new Promise((resolve) => setImmediate(resolve));

    expect(leads).not.toHaveBeenCalled();
  });

  it.each([
    ['knows no locks', null, true],
    ['keeps no site data, and refuses locks', () => Promise.reject(refused()), true],
    ['keeps no site data, and refuses channels', () => new Promise(() => undefined), false],
  ])('has a stream of its own in a browser that %s', async (_, request, hasChannel) => {
    stubBrowser(request, hasChannel);

    browser.join(() => undefined).close();
    browser.lead(leaving.signal, leads);

    await vi.waitFor(() => expect(leads).toHaveBeenCalledTimes(1));
  });
});
