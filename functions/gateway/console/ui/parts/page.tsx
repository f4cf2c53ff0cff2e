import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

/** A page: its heading, which also names the tab, and beside it what can be done. */
export function Page({
  title,
  trail,
  actions,
  children,
}: {
  readonly title: string;
  /** The way back to the pages above it. */
  readonly trail?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · saga-store`;
  }, [title]);
  return (
    <div class="stack">
      {trail}
      <div class="row">
        <h1 class="grow">{title}</h1>
        {actions}
      </div>
      {children}
    </div>
  );
}
