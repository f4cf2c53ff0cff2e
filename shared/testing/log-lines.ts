import { pino } from 'pino';
import type { Logger } from '../runtime/observe/logger.ts';

/** A logger, and the lines logged with it. */
export function logLines(): { readonly logger: Logger; readonly lines: readonly Readonly<Record<string, unknown>>[] } {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  return { logger, lines };
}
