const list = new Intl.ListFormat('en-GB');

/** `1 replica`, `3 replicas`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `order, inventory and notification`. */
export function listed(parts: readonly string[]): string {
  return list.format(parts);
}
