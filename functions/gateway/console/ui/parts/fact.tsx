import type { ComponentChildren } from 'preact';

/** A name and what belongs to it, in a `<dl>`. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
