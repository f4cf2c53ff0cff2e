import { z } from '@hono/zod-openapi';
import { AppError } from '../../core/errors.ts';
import { shortHash } from '../../core/hash.ts';
import { parseJson } from '../../core/json.ts';

const PAGE_MAX = 200;
const PAGE_DEFAULT = 50;

/** Digits alone: what JavaScript takes for a number beside them (`1e1`, `+5`, ` 5`, `0x5`) is a typing error here. */
const limitSchema = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,5})$/, `must be a whole number from 1 to ${PAGE_MAX}`)
  .transform(Number)
  .pipe(z.int().min(1).max(PAGE_MAX));

/** The query of every list. */
export const pageQuery = {
  limit: limitSchema.default(PAGE_DEFAULT).openapi({
    type: 'integer',
    minimum: 1,
    maximum: PAGE_MAX,
    default: PAGE_DEFAULT,
    description: 'Entries of the page',
  }),
  cursor: z
    .string()
    .max(512)
    .optional()
    .openapi({ description: 'Where the page begins: opaque, from the link `next` of the page before' }),
};

/**
 * A list, and what it is filtered by: a cursor counts in the list that it was made for and in no other. `filters` that are
 * undefined are left out, and the size of a page is none.
 */
export interface List {
  readonly name: string;
  readonly filters?: Readonly<Record<string, unknown>>;
}

type Place = readonly (string | number)[];

/** The cursor that clients get for the end of a page: the place, behind a digest of it and of the list. */
export function cursorOf(list: List, place: Place): string {
  return Buffer.from(JSON.stringify([digestOf(list, place), ...place])).toString('base64url');
}

/** The same in every process and after every start. */
function digestOf({ name, filters = {} }: List, place: Place): string {
  const given = Object.entries(filters).filter(([, value]) => value !== undefined);
  return shortHash(JSON.stringify([name, given.sort(([one], [other]) => (one < other ? -1 : 1)), place]));
}

const cursorSchemas = {
  text: z.tuple([z.string(), z.string()]),
  number: z.tuple([z.string(), z.int()]),
} as const;

const NOT_OF_THIS_LIST =
  'this is not a cursor of this list with these filters; take one from the links of its pages, as it is';

/**
 * The position in a cursor, which is one value of this kind. `where`: the part of the request that it comes from.
 * @throws {AppError} 422 for a cursor that no page of this list returned, with these filters.
 */
export function placeOf(
  cursor: string | undefined,
  list: List,
  kind: keyof typeof cursorSchemas,
  where: 'the query' | 'the body' = 'the query',
): Place | undefined {
  if (cursor === undefined) return undefined;
  const read = cursorSchemas[kind].safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  const place = read.success ? read.data.slice(1) : undefined;
  // Made again, because what decodes a cursor passes over characters that are none of its own.
  if (place !== undefined && cursorOf(list, place) === cursor) return place;
  const errors = [{ pointer: '/cursor', detail: NOT_OF_THIS_LIST }];
  throw new AppError('invalid_request', `${where} is not valid at /cursor: ${NOT_OF_THIS_LIST}`, { errors });
}

/** The links of a page: to itself, and to the next one if there is one. `url` is that of the request. */
export function pageLinks(url: string, next: string | null): Record<string, { readonly href: string }> {
  const { pathname, search, searchParams } = new URL(url);
  const self = { href: pathname + search };
  if (next === null) return { self };
  searchParams.set('cursor', next);
  return { self, next: { href: `${pathname}?${searchParams}` } };
}

export const linksSchema = z
  .record(
    z.string(),
    z.object({
      href: z.string().openapi({ description: 'A path, with its query' }),
      method: z.string().optional().openapi({ description: 'GET where it is left out' }),
    }),
  )
  .openapi('Links', {
    description: 'What can be asked next, by name',
    example: { self: { href: '/orders/ORDER_001' } },
  });

/** Splits rows read with `limit + 1` into a page and the cursor of the next one. */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  list: List,
  placeOfRow: (row: Row) => Place,
): { readonly page: readonly Row[]; readonly next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next: rows.length > limit && last !== undefined ? cursorOf(list, placeOfRow(last)) : null };
}
