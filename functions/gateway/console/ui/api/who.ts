/** Who works here: asked for with each change, and remembered in this browser. */
import { keep, kept } from '../parts/site-data.ts';

const KEY = 'saga-store who';

/** What is kept with a change for those who look at it later. */
export interface Signed {
  readonly who: string;
  readonly reason: string;
}

/** A dry run is signed as well, and not kept. */
export const unsigned: Signed = { who: 'console', reason: 'a dry run' };

export function rememberedWho(): string {
  return kept(KEY) ?? '';
}

export function rememberWho(who: string): void {
  keep(KEY, who);
}
