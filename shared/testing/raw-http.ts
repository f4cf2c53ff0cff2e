import { connect } from 'node:net';

const TIMEOUT_MS = 10_000;

/** An answer as its bytes say. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends these bytes, piece by piece. @returns what comes until the server ends the connection */
export function sendRaw(url: string, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      for (const piece of pieces) socket.write(piece);
    });
    let text = '';
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`the connection stays open after ${text}`)));
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(text));
  });
}

/** The parts of the last answer in `text`. */
export function parseAnswer(text: string): RawAnswer {
  const answer = text.slice(text.search(/HTTP\/1\.1 \d{3} (?![\s\S]*HTTP\/1\.1 \d{3} )/));
  const [head = '', body = ''] = answer.split(/\r\n\r\n([\s\S]*)/);
  const [status = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(status.split(' ')[1]), headers: Object.fromEntries(headers), body };
}
