import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Scroll } from './scroll.tsx';

/** The same as a picture above it, in a table: made when it is opened. */
export function TableOf({ what, children }: { readonly what: string; readonly children: ComponentChildren }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="table-of" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary class="quiet">{what}</summary>
      {isOpen && <Scroll label={what}>{children}</Scroll>}
    </details>
  );
}
