const ITEMS_MAX = 6;

/** All permutations of the items, at most six: 720 permutations. */
export function permutations<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (items.length > ITEMS_MAX) throw new Error(`${items.length} items have too many permutations`);
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) => {
    const rest = items.filter((_, other) => other !== index);
    return permutations(rest).map((order) => [item, ...order]);
  });
}
