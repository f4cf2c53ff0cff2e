/** A client of server-sent events that stores what it receives. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';

export interface StreamEvent {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

export interface EventStream {
  readonly type: string | undefined;
  events(): readonly StreamEvent[];
  /** The number of comment lines received. */
  comments(): number;
  close(): void;
}

/** Resolves when the response headers have arrived. */
export async function openStream(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
  const outgoing: ClientRequest = request(url, { headers: { accept: 'text/event-stream', ...headers } });
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).on('error', reject).end();
  });
  let text = '';
  incoming.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  incoming.on('error', () => undefined);
  const blocks = () => text.split('\n\n').slice(0, -1);
  return {
    type: incoming.headers['content-type'],
    events: () =>
      blocks()
        .filter((block) => !block.startsWith(':'))
        .map(parse),
    comments: () => blocks().filter((block) => block.startsWith(':')).length,
    close: () => void outgoing.destroy(),
  };
}

function parse(block: string): StreamEvent {
  const lines = block
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
  const fields = new Map(lines.map(([name = '', value = '']) => [name, value] as const));
  return { event: fields.get('event') ?? 'message', id: fields.get('id') ?? '', data: fields.get('data') ?? '' };
}
