import { useEffect, useRef, useState } from 'preact/hooks';
import { useLive, useLiveMessages } from './use-live.ts';

/** A list that is read again at each change is so at most this often. */
const EVERY_MS = 1_000;

/** A number that rises, at most once a second, when the function `name` committed messages, some were left out, or the stream came back. */
export function useLiveFunction(name: string): number {
  const [changes, setChanges] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  useLiveMessages(({ messages, skipped }) => {
    if (skipped === 0 && !messages.some((message) => message.function === name)) return;
    timer.current ??= setTimeout(() => {
      timer.current = null;
      setChanges((last) => last + 1);
    }, EVERY_MS);
  });
  return changes + useLive().reconnects.value;
}
