import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { problemOf } from './problem.ts';
import { hasEnded, readSession, session, signIn, signIns, signOut } from './session.ts';

const bodyOf = (signedIn: boolean) => ({
  required: true,
  signedIn,
  expiresAt: signedIn ? '2026-03-01T18:00:00.000Z' : null,
});

/** A store that takes every token, and a browser that keeps its cookie or drops it. */
function browserThat({ keepsCookies, isSecureContext = true }: { keepsCookies: boolean; isSecureContext?: boolean }) {
  let isIn = false;
  vi.stubGlobal('isSecureContext', isSecureContext);
  vi.stubGlobal('fetch', async (_: string, { method }: RequestInit) => {
    if (method === 'DELETE') throw new TypeError('Failed to fetch');
    if (method === 'POST') isIn = keepsCookies;
    return Response.json(bodyOf(method === 'POST' || isIn));
  });
  onTestFinished(() => void vi.unstubAllGlobals());
}

describe('an operator who signs in', () => {
  beforeEach(() => {
    session.value = bodyOf(false);
  });

  it('is in where the browser keeps the session', async () => {
    browserThat({ keepsCookies: true });
    const before = signIns.value;

    await signIn('open-sesame');

    expect([session.value, signIns.value - before]).toEqual([bodyOf(true), 1]);
  });

  it.each([
    ['over plain HTTP', false, /plain HTTP/],
    ['without cookies', true, /cookies of this site/],
  ])('is told so where it does not, %s, and is not in', async (_, isSecureContext, words) => {
    browserThat({ keepsCookies: false, isSecureContext });
    const before = signIns.value;

    const problem = await signIn('open-sesame').then(() => null, problemOf);

    expect(problem).toMatchObject({ title: 'Not signed in', detail: expect.stringMatching(words) });
    expect([session.value, signIns.value - before]).toEqual([bodyOf(false), 0]);
  });
});

describe('an answer about a session', () => {
  it('that was asked for before a sign-in, and comes after it, ends nothing', async () => {
    browserThat({ keepsCookies: true });
    const { fetch: answer } = globalThis;
    let comeLate: (response: Response) => void = () => undefined;
    vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => (comeLate = resolve)));
    const reading = readSession();
    vi.stubGlobal('fetch', answer);
    await signIn('open-sesame');

    comeLate(Response.json(bodyOf(false)));
    await reading;

    expect([session.value, hasEnded.value]).toEqual([bodyOf(true), false]);
  });
});

describe('a session', () => {
  it('that has ended, and that another tab has begun again, is on again: what was refused is read anew', async () => {
    browserThat({ keepsCookies: true });
    await signIn('open-sesame');
    const before = signIns.value;
    vi.stubGlobal('fetch', async () => Response.json(bodyOf(false)));
    await readSession();
    expect([session.value, hasEnded.value]).toEqual([bodyOf(false), true]);

    vi.stubGlobal('fetch', async () => Response.json(bodyOf(true)));
    await readSession();
    await readSession();

    expect([session.value, hasEnded.value, signIns.value - before]).toEqual([bodyOf(true), false, 1]);
  });
});

describe('an operator who signs out', () => {
  it('is out, also where the session is read in the meantime', async () => {
    browserThat({ keepsCookies: true });
    await signIn('open-sesame');
    vi.stubGlobal('fetch', async (_: string, { method }: RequestInit) => {
      if (method !== 'DELETE') return Response.json(bodyOf(false));
      await readSession();
      return new Response(null, { status: 204 });
    });

    await signOut();

    expect([session.value, hasEnded.value]).toEqual([bodyOf(false), false]);
  });

  it('is still in where the store does not answer', async () => {
    browserThat({ keepsCookies: true });
    await signIn('open-sesame');

    await expect(signOut()).rejects.toThrow('does not answer');

    expect(session.value).toEqual(bodyOf(true));
  });
});
