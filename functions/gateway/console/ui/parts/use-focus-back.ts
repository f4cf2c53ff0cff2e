import { useLayoutEffect, useRef } from 'preact/hooks';

/** For an element that goes away while it may have the focus, which would fall to the page: `giveBack` moves it elsewhere then. */
export function useFocusBack<Target extends HTMLElement>(giveBack: () => void) {
  const target = useRef<Target>(null);
  useLayoutEffect(
    () => () => {
      if (target.current?.contains(document.activeElement)) giveBack();
    },
    [],
  );
  return target;
}
