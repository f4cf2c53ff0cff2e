import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { deleteCookie, getSignedCookie, setSignedCookie } from 'hono/cookie';
import { AppError } from '../../shared/core/errors.ts';
import { type App, type AppContext, addPath, answers, problems, readBody } from '../../shared/runtime/http/app.ts';
import { isLoopbackName } from '../../shared/runtime/http/authority.ts';
import { endAfter, isEventStream } from '../../shared/runtime/http/event-stream.ts';
import { isSameToken, type OperationsAccess } from '../../shared/runtime/http/operator-auth.ts';
import { type SessionBody, sessionSchema, signInSchema } from './session-representation.ts';

/** The first path word under `/operations` that is no function. */
const SESSION_PATH = '/operations/session';
const TAG = 'Operations';
const SESSION_MS = 8 * 3_600_000;
/** What the clocks of gateways may differ by. A session that lasts longer was begun while a clock was wrong. */
const CLOCKS_DIFFER_MS = 60_000;
/** Wrong tokens in one span of time, after which no token is compared until it is over. */
const WRONG_MAX = 5;
const WRONG_SPAN_MS = 60_000;
const KEY_BYTES = 32;

/**
 * The key that signs the sessions of a token. It is the same at every gateway with this token and stored nowhere; another token
 * makes another key, which ends all sessions. Deriving it is slow on purpose: a stolen cookie must not help to guess the token.
 */
export async function sessionKeyOf(token: string): Promise<string> {
  const key = (await promisify(scrypt)(token, 'saga-store: sessions of operators', KEY_BYTES)) as Buffer;
  return key.toString('hex');
}

/** The name of the cookie. Browsers send cookies to all ports of a host, so the port tells two stores on one machine apart. */
export function cookieNameAt(url: string): string {
  const { port, protocol } = new URL(url);
  return `saga-store-session-${port || (protocol === 'https:' ? 443 : 80)}`;
}

/**
 * Lets operators sign in with their token, for a cookie that no script can read. A valid one stands for the header
 * `Authorization` on everything under `/operations` that comes after it, and a stream ends with it. To be called before those
 * routes are added.
 */
export function addSession(app: App, access: OperationsAccess, nowMs: () => number = Date.now): void {
  if (!access.isOpen) return;
  const sessions = access.token === null ? null : new Sessions(access.token, nowMs);
  addSessionRoutes(app, sessions);
  if (sessions === null) return;
  app.use('/operations/*', async (c, next) => {
    const expiresMs = c.req.header('authorization') === undefined ? await sessions.expiresMs(c) : null;
    if (expiresMs === null) return next();
    const headers = new Headers(c.req.raw.headers);
    headers.set('authorization', `Bearer ${access.token}`);
    c.req.raw = new Request(c.req.raw, { headers });
    await next();
    if (isEventStream(c.res) && c.res.body !== null) {
      c.res = new Response(endAfter(c.res.body, expiresMs - nowMs()), c.res);
    }
  });
}

/** The sessions of operators; null where none are needed. Also for the documentation. */
export function addSessionRoutes(app: App, sessions: Sessions | null): void {
  addPath(app, TAG, SESSION_PATH, {
    get: {
      operationId: 'getSession',
      summary: 'Whether operators have to sign in, and whether the caller has',
      description: 'For the console. Programs send the token with each request instead.',
      needsData: false,
      responses: { 200: answers('The session of the caller', sessionSchema) },
      handler: async (c) => c.json(bodyOf(sessions, (await sessions?.expiresMs(c)) ?? null)),
    },
    post: {
      operationId: 'signIn',
      summary: 'Sign in with the token of the operators, for a cookie that lasts 8 hours',
      description:
        'The cookie stands for the token on every path under /operations. Signing in where none is needed changes nothing. ' +
        'After five wrong tokens in a minute no token is compared until the minute is over.',
      needsData: false,
      request: { body: { content: { 'application/json': { schema: signInSchema } } } },
      responses: { 200: answers('The session that began', sessionSchema), ...problems(401, 429) },
      handler: async (c) => {
        const { token } = await readBody(c, signInSchema);
        return c.json(bodyOf(sessions, (await sessions?.begin(c, token)) ?? null));
      },
    },
    delete: {
      operationId: 'signOut',
      summary: 'Sign out: removes the cookie',
      description: 'Also where the caller is not signed in.',
      needsData: false,
      responses: { 204: { description: 'Signed out' } },
      takesBody: false,
      handler: (c) => {
        sessions?.end(c);
        return c.body(null, 204);
      },
    },
  });
}

function bodyOf(sessions: Sessions | null, expiresMs: number | null): SessionBody {
  const expiresAt = expiresMs === null ? null : new Date(expiresMs).toISOString();
  return { required: sessions !== null, signedIn: expiresMs !== null, expiresAt };
}

/** Sessions without a memory: a cookie says when it ends, and is signed. */
class Sessions {
  readonly #token: string;
  readonly #nowMs: () => number;
  #key: Promise<string> | null = null;
  /** When the newest wrong tokens came, the oldest first. */
  #wrongMs: number[] = [];

  constructor(token: string, nowMs: () => number) {
    this.#token = token;
    this.#nowMs = nowMs;
  }

  /** When the session of this caller ends, in milliseconds since 1970; null without a valid one. */
  async expiresMs(c: AppContext): Promise<number | null> {
    if (c.req.header('cookie') === undefined) return null;
    const value = await getSignedCookie(c, await this.#derivedKey(), cookieNameAt(c.req.url));
    if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) return null;
    const leftMs = Number(value) - this.#nowMs();
    return leftMs > 0 && leftMs <= SESSION_MS + CLOCKS_DIFFER_MS ? Number(value) : null;
  }

  /** Sets the cookie. Returns when it ends. @throws {AppError} 401 for a wrong token, 429 after too many. */
  async begin(c: AppContext, token: string): Promise<number> {
    this.#assertFewWrong();
    if (!isSameToken(token, this.#token)) {
      this.#wrongMs.push(this.#nowMs());
      throw new AppError('unauthorized', "this is not the operators' token, which OPERATIONS_TOKEN sets");
    }
    this.#wrongMs = [];
    const expiresMs = this.#nowMs() + SESSION_MS;
    const attributes = { ...attributesAt(c.req.url), maxAge: SESSION_MS / 1000 };
    await setSignedCookie(c, cookieNameAt(c.req.url), String(expiresMs), await this.#derivedKey(), attributes);
    return expiresMs;
  }

  end(c: AppContext): void {
    deleteCookie(c, cookieNameAt(c.req.url), attributesAt(c.req.url));
  }

  #assertFewWrong(): void {
    const nowMs = this.#nowMs();
    // A clock that was set back must not lock operators out.
    this.#wrongMs = this.#wrongMs.filter((atMs) => atMs <= nowMs && nowMs - atMs < WRONG_SPAN_MS);
    const [first = nowMs] = this.#wrongMs;
    if (this.#wrongMs.length < WRONG_MAX) return;
    const retryAfterS = Math.max(1, Math.ceil((first + WRONG_SPAN_MS - nowMs) / 1000));
    const detail = `${WRONG_MAX} wrong tokens came within a minute; try again in ${retryAfterS} s`;
    throw new AppError('too_many_requests', detail, { retryAfterS });
  }

  #derivedKey(): Promise<string> {
    this.#key ??= sessionKeyOf(this.#token);
    return this.#key;
  }
}

/** Requests to a loopback address do not leave the machine, so they need no TLS. */
function attributesAt(url: string) {
  const { hostname } = new URL(url);
  return { path: '/', httpOnly: true, sameSite: 'Strict', secure: !isLoopbackName(hostname) } as const;
}
