/** What a reader of an order can do: the commands for a terminal, and the pages that help. */
import type { Wait } from '../../../../../shared/runtime/why/wait.ts';
import { productHref } from '../orders/places.ts';

export interface Advice {
  readonly command: string | null;
  readonly link: { readonly href: string; readonly text: string } | null;
}

/** For one wait. `productIds`: those that the order is short of, as far as that is known. */
export function adviceFor(wait: Wait, productIds: readonly string[]): Advice {
  const { kind, at, letter, message } = wait;
  if (letter !== undefined) {
    const href = `/console/dead-letters/${encodeURIComponent(at)}/${encodeURIComponent(letter)}`;
    const command = `npm run dead-letters -- show ${letter} --function ${at}`;
    return { command, link: { href, text: `Dead letter ${letter}` } };
  }
  if (kind === 'backordered') {
    const [productId] = productIds.filter((each) => wait.detail.includes(`queue for ${each},`));
    if (productId === undefined) return { command: null, link: null };
    return {
      command: `npm run why ${productId}`,
      link: { href: productHref(productId), text: `Queue of ${productId}` },
    };
  }
  const link = { href: `/console/functions/${encodeURIComponent(at)}`, text: `State of ${at}` };
  // What waits in an outbox is sent by itself, and was not attempted for itself.
  if (kind === 'unsent' && message !== undefined && wait.attempt !== undefined && wait.until === undefined) {
    return { command: `npm run notices -- send-again ${message.id}`, link };
  }
  return { command: null, link: kind === 'deadline' ? null : link };
}

/** The command line that asks the store for one message, for a shell. */
export function curlFor(origin: string, messageId: string): string {
  const url = `${origin}/operations/messages/${encodeURIComponent(messageId)}`;
  return `curl -H "Authorization: Bearer $OPERATIONS_TOKEN" ${quoted(url)}`;
}

/** A word that a shell takes as it is. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
