/**
 * Conditional requests (RFC 9110, 13): a client reads again only what has changed, and changes only what it has seen.
 *
 * The entity tag is a digest of the body, so it changes with everything that the body depends on, also with the program.
 */
import { hash } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { AppError } from '../../core/errors.ts';
import type { Precondition } from '../handle/incoming.ts';
import type { AppContext } from './app.ts';
import { header } from './documentation.ts';

/** A list of entity tags: `"a", W/"b"`. Elements may be empty (RFC 9110, 5.6.1). */
const TAGS_FORM = /^[ \t,]*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"[ \t]*(?:,[ \t,]*|$))+$/;
const TAG_FORM = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;
/** Characters of a header that an answer repeats. */
const SHOWN_MAX = 80;

/** What {@link TAGS_FORM} takes, or `*`, as JSON Schema writes it. */
const pattern = '^(?:\\*|(?:W/)?"[!#-~]*"(?:, (?:W/)?"[!#-~]*")*)$';

/** The headers of conditional requests, for the documentation. */
export const conditionHeaders = {
  'If-Match': z.string().optional().openapi({
    pattern,
    description: 'Entity tags, or *: only if the resource has one of them now, compared in the commit; otherwise 412',
    example: '"2jmj7l5rSw0yVb/vlWAYkK"',
  }),
  'If-None-Match': z.string().optional().openapi({
    pattern,
    description:
      'Entity tags, or *: only if the resource has none of them now; otherwise a read answers 304, a change 412',
  }),
};

/** The header of each answer that has a body of its own, for the documentation. */
export const etagHeader = { ETag: header('The entity tag of the body', true) };

/** The answer to a read of what the client has, for the documentation. */
export const notModified = { 304: { description: 'The client has this very body: it is not sent again' } };

interface Tag {
  readonly isWeak: boolean;
  /** With its quotes. */
  readonly value: string;
}
type Tags = '*' | readonly Tag[];

/** What a request asks of the state before it is answered; null where it does not ask. */
export interface Conditions {
  readonly ifMatch: Tags | null;
  readonly ifNoneMatch: Tags | null;
}

/** The strong entity tag of a body. */
export function entityTag(body: string): string {
  return `"${hash('sha1', body, 'base64').slice(0, 22)}"`;
}

/** The conditions of a request. @throws {AppError} 400 for a header that is no list of entity tags and not `*`. */
function conditionsOf(c: AppContext): Conditions {
  return { ifMatch: tagsIn(c, 'If-Match'), ifNoneMatch: tagsIn(c, 'If-None-Match') };
}

function tagsIn(c: AppContext, name: string): Tags | null {
  const header = c.req.header(name)?.trim();
  if (header === undefined) return null;
  if (header === '*') return '*';
  const tags = TAGS_FORM.test(header)
    ? [...header.matchAll(TAG_FORM)].map(([, weak, value = '']) => ({ isWeak: weak !== undefined, value }))
    : [];
  if (tags.length > 0) return tags;
  throw new AppError('malformed_request', `${name} must be * or entity tags with their quotes, such as "a", "b"`);
}

/**
 * Answers a read with its entity tag, or with 304 and no body where the client has this very body.
 * @throws {AppError} 412 where `If-Match` asks for another one; 400 for malformed conditions
 */
export function answerRead(c: AppContext, body: object): Response {
  const text = JSON.stringify(body);
  const etag = entityTag(text);
  const { ifMatch, ifNoneMatch } = conditionsOf(c);
  if (ifMatch !== null && !matches(ifMatch, etag, isSame)) throw unmet(ifMatchSentence(c, etag));
  // Asked again each time: a store behind it may have changed the state since.
  const headers = { etag, 'cache-control': 'private, no-cache' };
  if (ifNoneMatch !== null && matches(ifNoneMatch, etag, isSameOrWeak)) return c.body(null, 304, headers);
  return c.body(text, 200, { ...headers, 'content-type': 'application/json' });
}

/** Answers a change with what it has led to, and the entity tag of that. */
export function answerChange(c: AppContext, body: object, status: 200 | 201 = 200): Response {
  const text = JSON.stringify(body);
  return c.body(text, status, { etag: entityTag(text), 'content-type': 'application/json' });
}

/** A refusal of a change because the state is not the one that the client has asked for. */
export const PRECONDITION_FAILED = 'precondition_failed';

/**
 * The conditions of a change, to be checked in the commit that makes it; undefined where the request has none.
 * `bodyOf` returns what a read of this state answers: null where there is nothing yet, undefined where the command is
 * refused for that anyway.
 * @throws {AppError} 400 for malformed conditions
 */
export function preconditionOf(
  c: AppContext,
  bodyOf: (state: unknown) => object | null | undefined,
): Precondition | undefined {
  const { ifMatch, ifNoneMatch } = conditionsOf(c);
  if (ifMatch === null && ifNoneMatch === null) return undefined;
  return (state) => {
    const body = bodyOf(state);
    if (body === undefined) return null;
    const etag = body === null ? null : entityTag(JSON.stringify(body));
    if (ifMatch !== null && !matches(ifMatch, etag, isSame)) {
      return { code: PRECONDITION_FAILED, detail: ifMatchSentence(c, etag) };
    }
    if (ifNoneMatch === null || !matches(ifNoneMatch, etag, isSameOrWeak)) return null;
    return { code: PRECONDITION_FAILED, detail: `If-None-Match excludes what is there, whose ETag is ${etag}` };
  };
}

function unmet(detail: string): AppError {
  return new AppError('precondition_failed', detail);
}

function ifMatchSentence(c: AppContext, etag: string | null): string {
  const asked = (c.req.header('if-match') ?? '').slice(0, SHOWN_MAX);
  const now = etag === null ? 'there is nothing yet' : `the ETag is ${etag} now`;
  return `If-Match asks for ${asked}, and ${now}`;
}

function matches(tags: Tags, etag: string | null, isEqual: (tag: Tag, etag: string) => boolean): boolean {
  if (etag === null) return false;
  return tags === '*' || tags.some((tag) => isEqual(tag, etag));
}

/** The strong comparison: a weak tag is the same as none. */
function isSame({ isWeak, value }: Tag, etag: string): boolean {
  return !isWeak && value === etag;
}

/** The weak comparison. */
function isSameOrWeak({ value }: Tag, etag: string): boolean {
  return value === etag;
}
