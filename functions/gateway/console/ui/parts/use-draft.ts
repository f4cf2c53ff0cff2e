import { useEffect, useState } from 'preact/hooks';

export type Fields = Readonly<Record<string, string>>;

/** What a person is typing into the fields of a form; it begins anew when `given`, such as the address, changes. */
export function useDraft(given: Fields): readonly [Fields, (name: string, value: string) => Fields] {
  const [draft, setDraft] = useState(given);
  useEffect(() => setDraft(given), [JSON.stringify(given)]);
  const set = (name: string, value: string) => {
    const next = { ...draft, [name]: value };
    setDraft(next);
    return next;
  };
  return [draft, set];
}
