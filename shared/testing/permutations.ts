const ITEMS_MAX = 6;

/** Every order in which these can stand. At most six of them: 720 orders. */
export function permutations<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (items.length > ITEMS_MAX) throw new Error(`${items.length} items have too many orders`);
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) => {
    const rest = items.filter((_, other) => other !== index);
    return permutations(rest).map((order) => [item, ...order]);
  });
}
