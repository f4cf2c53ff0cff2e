/** Values that the store has answered, by the name of their field: ids of things that exist, cursors, contents. */
export class KnownValues {
  static readonly #MAX = 200;
  readonly #byName = new Map<string, Map<string, unknown>>();

  of(name: string): readonly unknown[] {
    return [...(this.#byName.get(name)?.values() ?? [])];
  }

  /** Remembers the fields of an answer, and the query of each of its links. */
  learn(value: unknown, name = ''): void {
    if (Array.isArray(value)) {
      for (const each of value) this.learn(each, name);
      return;
    }
    if (name !== '') this.#add(name, value);
    if (name === 'href') this.#learnLink(String(value));
    if (typeof value !== 'object' || value === null) return;
    for (const [field, each] of Object.entries(value)) this.learn(each, field);
  }

  #learnLink(href: string): void {
    const query = new URLSearchParams(href.split('?')[1] ?? '');
    for (const [name, value] of query) this.#add(name, value);
  }

  #add(name: string, value: unknown): void {
    const values = this.#byName.get(name) ?? new Map<string, unknown>();
    this.#byName.set(name, values);
    values.set(JSON.stringify(value), value);
    const [oldest] = values.keys();
    if (values.size > KnownValues.#MAX && oldest !== undefined) values.delete(oldest);
  }
}
