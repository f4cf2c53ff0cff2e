import { useEffect, useState } from 'preact/hooks';

/** Whether a media query holds. */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const read = () => setHolds(media.matches);
    read();
    media.addEventListener('change', read);
    return () => media.removeEventListener('change', read);
  }, [query]);
  return holds;
}

export function useReducedMotion(): boolean {
  return useMedia('(prefers-reduced-motion: reduce)');
}

/** Light or dark, as it is now: what is drawn on a canvas does not follow the style sheets by itself. */
export function useTheme(): 'light' | 'dark' {
  const isDarkSystem = useMedia('(prefers-color-scheme: dark)');
  const [chosen, setChosen] = useState(() => document.documentElement.dataset['theme']);
  useEffect(() => {
    const observer = new MutationObserver(() => setChosen(document.documentElement.dataset['theme']));
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => observer.disconnect();
  }, []);
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return isDarkSystem ? 'dark' : 'light';
}
