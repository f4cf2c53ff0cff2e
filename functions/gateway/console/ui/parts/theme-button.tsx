import { useEffect, useState } from 'preact/hooks';
import { keep, kept } from './site-data.ts';

const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const KEY = 'saga-store theme';

/** Light, dark, or what the system says; kept in this browser. */
export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(() => themes.find((each) => each === kept(KEY)) ?? 'auto');
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme;
    keep(KEY, theme);
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto';
  return (
    <button type="button" onClick={() => setTheme(next)}>
      Theme: {theme}
    </button>
  );
}
