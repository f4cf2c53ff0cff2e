import { resolve } from 'node:path';
import { scriptCommand } from '../shared/core/package-script.ts';
import { operationsAccess } from '../shared/runtime/http/operator-auth.ts';
import type { Config } from './settings.ts';
import { parts, type RunningStore } from './start-store.ts';

const GATEWAY = 'http://127.0.0.1:8900';
const DATA = './data';

/** What the reader can do here. */
interface Reader {
  /** The package manager that started the store (`npm_config_user_agent`). */
  readonly userAgent: string | undefined;
  /** Whether the scripts of package.json can be run here; an image of the store has none. */
  readonly hasScripts: boolean;
  readonly startedMs: number;
  readonly nowMs: number;
}

/** The text after the start: addresses and commands to try. */
export function startBlock({ urls }: Pick<RunningStore, 'urls'>, config: Config, reader: Reader): string {
  const rows = parts.flatMap((part): [name: string, place: string][] => {
    const url = urls.get(part);
    return url === undefined ? [] : [[part, reachable(url)]];
  });
  const gateway = urls.get('gateway');
  if (gateway !== undefined && operationsAccess(config).isOpen)
    rows.unshift(['console', `${reachable(gateway)}/console`]);
  if (gateway !== undefined) rows.push(['API docs', `${reachable(gateway)}/docs`]);
  rows.push(['data', resolve(config.DATA_DIR)]);
  if (config.LOG === 'kafka') rows.push(['log', kafkaPlace(config)]);
  const hints = gateway === undefined ? [] : hintsFor(reachable(gateway), config, reader);
  const width = Math.max(0, ...hints.map(([command]) => command.length));
  return [
    '',
    `saga-store is up after ${((reader.nowMs - reader.startedMs) / 1000).toFixed(2)} s`,
    '',
    ...rows.map(([name, place]) => `  ${name.padEnd(14)}${place}`),
    ...(hints.length === 0 ? [] : ['', 'Try next']),
    ...hints.map(([command, what]) => `  ${command.padEnd(width)}   ${what}`),
    '',
    '',
  ].join('\n');
}

/** Where the messages are. */
function kafkaPlace({ KAFKA_BROKERS, KAFKA_TOPIC_PREFIX }: Config): string {
  const prefix = KAFKA_TOPIC_PREFIX === '' ? '' : `, topics ${KAFKA_TOPIC_PREFIX}*`;
  return `Kafka at ${KAFKA_BROKERS.join(', ')}${prefix}`;
}

type Hint = readonly [command: string, what: string];

/** Commands that work in another terminal: with the settings that differ from what the tools take without any. */
function hintsFor(gateway: string, config: Config, { userAgent, hasScripts }: Reader): readonly Hint[] {
  const curl: Hint = [`curl ${gateway}/stock`, 'see what is left'];
  if (!hasScripts) return [curl];
  const at = gateway === GATEWAY ? '' : `GATEWAY_URL=${gateway} `;
  const data = resolve(config.DATA_DIR) === resolve(DATA) ? '' : `DATA_DIR=${quoted(resolve(config.DATA_DIR))} `;
  const order: Hint = [
    at + scriptCommand(userAgent, 'post-order-1'),
    'place an order and see it confirmed (again and again: stock moves once)',
  ];
  const prove: Hint = [data + scriptCommand(userAgent, 'prove'), 'check the ledger'];
  // Without the example data there is nothing to order.
  return config.ENABLE_AUTOMATION ? [order, curl, prove] : [curl, prove];
}

/** An address for clients: a server that listens on all addresses is reached over this machine's own. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
