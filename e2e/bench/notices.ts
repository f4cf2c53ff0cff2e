/** The notices of a store, as a client of its stream receives them. */
import { get } from 'node:http';

/** Each order has one of these; notices of an order being placed come before. */
const FINAL = /"fact":"Order(?:Confirmed|Rejected)"/;
const ORDER = /"orderId":"([^"]+)"/;

export interface NoticeStream {
  /** Resolves when the final notice of an order has arrived; to be called before the order is sent. */
  final(orderId: string): Promise<void>;
  close(): void;
}

/** Resolves when the stream is open. A notice that comes again, with another status, does not count again. */
export function openNotices(port: number): Promise<NoticeStream> {
  const awaited = new Map<string, () => void>();
  const receive = (line: string) => {
    // Without parsing the whole notice: the client shares the machine with the program that it measures.
    if (!line.startsWith('data:') || !FINAL.test(line)) return;
    const orderId = ORDER.exec(line)?.[1] ?? '';
    awaited.get(orderId)?.();
    awaited.delete(orderId);
  };
  return new Promise((resolve, reject) => {
    const headers = { accept: 'text/event-stream' };
    const request = get({ host: '127.0.0.1', port, path: '/notifications/stream', headers }, (response) => {
      if (response.statusCode !== 200) {
        return reject(new Error(`the notification stream was answered with ${response.statusCode}`));
      }
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) receive(line);
      });
      response.on('error', () => undefined);
      resolve({
        final: (orderId) => new Promise((arrived) => awaited.set(orderId, arrived)),
        close: () => request.destroy(),
      });
    });
    request.on('error', reject);
  });
}
