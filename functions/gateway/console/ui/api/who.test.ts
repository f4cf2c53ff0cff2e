import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { rememberedWho, rememberWho } from './who.ts';

describe('who works here', () => {
  it('is remembered in this browser', () => {
    const kept = new Map<string, string>();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    });
    onTestFinished(() => void vi.unstubAllGlobals());

    expect(rememberedWho()).toBe('');
    rememberWho('ann');
    expect(rememberedWho()).toBe('ann');
  });

  it('is forgotten where the browser keeps nothing of this site', () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
    const get = () => {
      throw new DOMException('Access is denied for this document.', 'SecurityError');
    };
    Object.defineProperty(globalThis, 'localStorage', { configurable: true, get });
    onTestFinished(() => {
      if (before === undefined) Reflect.deleteProperty(globalThis, 'localStorage');
      else Object.defineProperty(globalThis, 'localStorage', before);
    });

    rememberWho('ann');

    expect(rememberedWho()).toBe('');
  });

  it('is forgotten where the browser has no room for it', () => {
    const setItem = () => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
    };
    vi.stubGlobal('localStorage', { getItem: () => null, setItem });
    onTestFinished(() => void vi.unstubAllGlobals());

    rememberWho('ann');

    expect(rememberedWho()).toBe('');
  });
});
