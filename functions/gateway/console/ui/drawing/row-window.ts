/** Which rows of a long list are in the page: those in sight, and a few on both sides. All rows have one height. */

/** However high the window is, no more rows than these are in the page: 60 with the head of the table and what keeps the place of the others. */
export const ROWS_MAX = 57;
const OVERSCAN = 6;

export interface RowWindow {
  readonly first: number;
  /** The one behind the last. */
  readonly end: number;
}

/** `scrollTop` and heights in pixels. */
export function rowWindowOf(list: {
  readonly count: number;
  readonly rowHeight: number;
  readonly scrollTop: number;
  readonly viewHeight: number;
}): RowWindow {
  const { count, rowHeight, scrollTop, viewHeight } = list;
  const inSight = Math.ceil(viewHeight / rowHeight) + 1;
  const size = Math.min(ROWS_MAX, inSight + 2 * OVERSCAN);
  const wanted = Math.floor(Math.max(0, scrollTop) / rowHeight) - Math.min(OVERSCAN, Math.max(0, size - inSight));
  const first = Math.max(0, Math.min(wanted, count - size));
  return { first, end: Math.min(count, first + size) };
}

/** Where to scroll so that a row is in sight; the place now where it is. */
export function scrollTo(
  row: number,
  {
    rowHeight,
    scrollTop,
    viewHeight,
  }: { readonly rowHeight: number; readonly scrollTop: number; readonly viewHeight: number },
): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return top + rowHeight > scrollTop + viewHeight ? top + rowHeight - viewHeight : scrollTop;
}

/** The row that a key leads to from `row`; null where the key is none of the list. */
export function rowAfterKey(key: string, row: number, count: number, page: number): number | null {
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + page,
    PageUp: row - page,
    Home: 0,
    End: count - 1,
  };
  const wanted = moves[key];
  return wanted === undefined ? null : Math.max(0, Math.min(count - 1, wanted));
}
