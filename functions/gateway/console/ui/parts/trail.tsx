import type { ComponentChildren } from 'preact';

/** The way back: the pages above this one, the topmost first. */
export function Trail({ of }: { readonly of: readonly (readonly [href: string, name: ComponentChildren])[] }) {
  return (
    <nav aria-label="Way back" class="trail">
      <ol>
        {of.map(([href, name]) => (
          <li key={href}>
            <a href={href}>{name}</a>
          </li>
        ))}
      </ol>
    </nav>
  );
}
