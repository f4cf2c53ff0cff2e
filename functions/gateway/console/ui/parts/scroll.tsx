import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** What may be wider or higher than its place: a named region that scrolls, also by the keys. */
export function Scroll({
  label,
  look = '',
  frame,
  children,
}: {
  readonly label: string;
  readonly look?: string;
  readonly frame?: RefObject<HTMLElement | null>;
  readonly children: ComponentChildren;
}) {
  const own = useRef<HTMLElement>(null);
  const ref = frame ?? own;
  useEffect(() => {
    // Keys scroll what has the focus.
    if (ref.current !== null) ref.current.tabIndex = 0;
  }, [ref]);
  return (
    <section class={`scroll ${look}`} aria-label={label} ref={ref}>
      {children}
    </section>
  );
}
