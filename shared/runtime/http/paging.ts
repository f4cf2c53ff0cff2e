import { z } from '@hono/zod-openapi';
import { AppError } from '../../core/errors.ts';

const PAGE_MAX = 200;
const PAGE_DEFAULT = 50;

/** The query of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
  cursor: z.string().max(512).optional(),
};

/** The cursor that clients get for the end of a page. */
export function cursorOf(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

const cursorSchemas = { text: z.tuple([z.string()]), number: z.tuple([z.int()]) } as const;

/**
 * The position in a cursor, which is one value of this kind. @throws {AppError} 422 for a cursor that no page returned.
 */
export function placeOf(
  cursor: string | undefined,
  kind: keyof typeof cursorSchemas,
): readonly (string | number)[] | undefined {
  if (cursor === undefined) return undefined;
  try {
    return cursorSchemas[kind].parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    const errors = [{ pointer: '/cursor', detail: 'this is not a cursor of this store' }];
    throw new AppError('invalid_request', 'the query is not valid at /cursor: this is not a cursor of this store', {
      errors,
      cause,
    });
  }
}

/** The links of a page: to itself, and to the next one if there is one. `url` is that of the request. */
export function pageLinks(url: string, next: string | null): Record<string, { readonly href: string }> {
  const { pathname, search, searchParams } = new URL(url);
  const self = { href: pathname + search };
  if (next === null) return { self };
  searchParams.set('cursor', next);
  return { self, next: { href: `${pathname}?${searchParams}` } };
}

export const linksSchema = z.record(z.string(), z.object({ href: z.string(), method: z.string().optional() }));

/** Splits rows read with `limit + 1` into a page and the cursor of the next one. */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  placeOfRow: (row: Row) => readonly (string | number)[],
): { readonly page: readonly Row[]; readonly next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next: rows.length > limit && last !== undefined ? cursorOf(placeOfRow(last)) : null };
}
