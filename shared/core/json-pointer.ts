import { isWellFormed } from './well-formed.ts';

/** RFC 6901: `/items/0/quantity`. A name that cannot be kept as text is shown with its escapes. */
export function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${shown(String(part)).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function shown(name: string): string {
  return isWellFormed(name) ? name : JSON.stringify(name).slice(1, -1);
}
