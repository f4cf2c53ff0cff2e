/** States of orders and functions: always a glyph and a word, never colour alone. */
const looks: Readonly<Record<string, readonly [glyph: string, look: string]>> = {
  placed: ['●', 'is-wait'],
  backordered: ['◐', 'is-wait'],
  confirmed: ['✓', 'is-good'],
  dispatched: ['➤', 'is-good'],
  rejected: ['✕', 'is-bad'],
  cancelled: ['⊘', 'quiet'],
  up: ['✓', 'is-good'],
  unready: ['!', 'is-wait'],
  away: ['✕', 'is-bad'],
  handled: ['✓', 'is-good'],
  duplicate: ['=', 'quiet'],
  parked: ['◐', 'is-wait'],
  dead: ['✕', 'is-bad'],
  unread: ['○', 'is-wait'],
  unknown: ['?', 'quiet'],
  open: ['○', 'is-bad'],
  replaying: ['↻', 'is-wait'],
  replayed: ['✓', 'is-good'],
  edited: ['✎', 'is-good'],
  discarded: ['⊘', 'quiet'],
  compensated: ['↶', 'quiet'],
  running: ['↻', 'is-wait'],
  stopping: ['■', 'is-wait'],
  stopped: ['■', 'is-bad'],
  done: ['✓', 'is-good'],
  passed: ['✓', 'is-good'],
  waiting: ['◐', 'is-wait'],
  planned: ['○', 'quiet'],
  dropped: ['⊘', 'quiet'],
  failed: ['✕', 'is-bad'],
  pending: ['○', 'is-wait'],
  sent: ['✓', 'is-good'],
};

export function Status({ of }: { readonly of: string }) {
  const [glyph, look] = looks[of] ?? ['·', 'quiet'];
  return (
    <span class={look}>
      <span aria-hidden="true">{glyph}</span> {of}
    </span>
  );
}

/** The name of a function in its hue. */
export function FunctionName({ name }: { readonly name: string }) {
  return <span class={`of-${name}`}>{name}</span>;
}
