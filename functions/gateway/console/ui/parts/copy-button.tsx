import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const SHOWN_MS = 2_000;

/** Copies a text. Says whether it could: a page without a secure context may not. */
export function CopyButton({ text, children }: { readonly text: string; readonly children: ComponentChildren }) {
  const [result, setResult] = useState<'copied' | 'failed' | null>(null);
  useEffect(() => {
    if (result === null) return;
    const timer = setTimeout(() => setResult(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setResult('copied');
    } catch {
      setResult('failed');
    }
  };
  return (
    <button type="button" class="small" onClick={copy}>
      {children}
      <span role="status">
        {result === 'copied' && ' ✓'}
        {result === 'failed' && ' – not allowed here'}
      </span>
    </button>
  );
}

/** A command for a terminal, and a button that copies it. */
export function CommandLine({ text }: { readonly text: string }) {
  return (
    <p class="command-line">
      <code>{text}</code> <CopyButton text={text}>Copy</CopyButton>
    </p>
  );
}
