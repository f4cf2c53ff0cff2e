import { useEffect, useRef } from 'preact/hooks';

/** Calls `reload` when `changes` is another value; not for the first one, which every page reads with anyway. */
export function useReload(changes: number | string, reload: () => void): void {
  const seen = useRef(changes);
  useEffect(() => {
    if (seen.current === changes) return;
    seen.current = changes;
    reload();
  }, [changes]);
}
