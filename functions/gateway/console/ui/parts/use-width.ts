import { useLayoutEffect, useState } from 'preact/hooks';

/** The inner width of an element, in pixels; 0 before it is in the page. */
export function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const shown = element.current;
    if (shown === null) return;
    const look = () => setWidth(shown.clientWidth);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(shown);
    return () => observer.disconnect();
  }, []);
  return width;
}
