/** Answers that are put together from all functions: what those that answer say, and who does not. */
import type { z } from '@hono/zod-openapi';
import { listed } from '../../shared/core/words.ts';
import type { AppContext } from '../../shared/runtime/http/app.ts';
import { askPart, forwarded, type PartAnswer } from './forward.ts';
import type { Upstream } from './upstream.ts';

/** What the functions that answer say, and why each of the others does not. */
export interface Parts<Body> {
  readonly parts: readonly { readonly name: string; readonly body: Body; readonly halfwayMs: number }[];
  readonly away: readonly { readonly name: string; readonly detail: string }[];
}

/** A refusal of one function that is the answer to the whole request, such as a missing token. */
export class PartRefused extends Error {
  readonly response: Response;

  constructor(response: Response) {
    super(`a function answers with status ${response.status}`);
    this.response = response;
  }
}

/** What is asked of one function; null where it is not asked. */
type AskOf = (name: string) => { readonly path: string; readonly body?: object } | null;

/**
 * Asks all functions side by side. A body that is not as `schema` says is that of another program: it counts as no answer. 404
 * says that the function has nothing of it.
 * @throws {PartRefused} where one of them refuses the request, or all of them have no such path
 */
export async function askParts<Schema extends z.ZodType>(
  c: AppContext,
  upstreams: readonly Upstream[],
  schema: Schema,
  askOf: AskOf,
): Promise<Parts<z.infer<Schema>>> {
  const asked = upstreams.flatMap((upstream) => {
    const ask = askOf(upstream.name);
    return ask === null ? [] : [askPart(c, upstream, requestFor(c, ask))];
  });
  const answers = await Promise.all(asked);
  refuse(answers);
  const parts: { name: string; body: z.infer<Schema>; halfwayMs: number }[] = [];
  const away: { name: string; detail: string }[] = [];
  for (const answer of answers) {
    const { name } = answer;
    if (answer.response === null) away.push({ name, detail: answer.detail });
    else if (answer.response.status !== 404) {
      const parsed = schema.safeParse(await answer.response.json().catch(() => undefined));
      if (parsed.success) parts.push({ name, body: parsed.data, halfwayMs: answer.halfwayMs });
      else away.push({ name, detail: `${name} answers what this gateway cannot read; is it of another version?` });
    }
  }
  return { parts, away };
}

/** In words, which functions do not answer; `names` holds at least one. */
export function noAnswerOf(names: readonly string[]): string {
  return `${listed(names)} ${names.length === 1 ? 'does' : 'do'} not answer`;
}

function requestFor(c: AppContext, { path, body }: NonNullable<ReturnType<AskOf>>): Request {
  if (body === undefined) return forwarded(c, 'GET', path);
  const request = forwarded(c, 'POST', path, JSON.stringify(body));
  request.headers.set('content-type', 'application/json');
  return request;
}

function refuse(answers: readonly PartAnswer[]): void {
  const responses = answers.flatMap(({ response }) => (response === null ? [] : [response]));
  const refused = responses.find(({ ok, status }) => !ok && status !== 404);
  if (refused !== undefined) throw new PartRefused(refused);
  const [first] = responses;
  const isNowhere = first !== undefined && responses.length === answers.length;
  if (isNowhere && responses.every(({ status }) => status === 404)) throw new PartRefused(first);
}
