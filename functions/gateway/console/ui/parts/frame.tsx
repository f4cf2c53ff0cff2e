import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import '../look/frame.css';
import { SessionGate } from '../session/session-gate.tsx';
import { SignOutButton } from '../session/sign-out-button.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { ThemeButton } from './theme-button.tsx';

const pages = [
  ['/console', 'Overview'],
  ['/console/orders', 'Orders'],
  ['/console/stock', 'Stock'],
  ['/console/dead-letters', 'Dead letters'],
  ['/console/log', 'Log'],
] as const;

/** What every page has: the way to the others, and the sign-in where the store asks for it. */
export function Frame({ children }: { readonly children: ComponentChildren }) {
  const { path, url } = useLocation();
  const content = useFocusOnChange(path);
  const isAt = (href: string) => path === href || (href !== '/console' && path.startsWith(`${href}/`));
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="frame-head">
        <a class="frame-name" href="/console">
          saga-store
        </a>
        <nav class="grow" aria-label="Pages">
          <ul>
            {pages.map(([href, name]) => (
              <li key={href}>
                <a href={href} aria-current={isAt(href) ? 'page' : undefined}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="row">
          <a href="/docs" class="quiet" target="_self">
            API
          </a>
          <ThemeButton />
          <SignOutButton />
        </div>
      </header>
      <main class="frame-main" id="content" tabIndex={-1} ref={content}>
        <SessionGate>
          <ErrorBoundary at={url}>{children}</ErrorBoundary>
        </SessionGate>
      </main>
    </>
  );
}

/** After a change of page the focus is at its content: the link that led there may be gone. */
function useFocusOnChange(path: string) {
  const content = useRef<HTMLElement>(null);
  const last = useRef(path);
  useEffect(() => {
    if (path !== last.current) content.current?.focus({ preventScroll: true });
    last.current = path;
  }, [path]);
  return content;
}
