import type { Message } from '../core/message.ts';
import type { LogRecord, MessageLog, Subscription } from '../ports/message-log.ts';
import type { Position } from '../ports/store.ts';
import { count } from './probe.ts';

/** A log for the time of one test, with two topics. */
export interface LogSubject {
  /** Opens it; when asked again, over the same topics. */
  open(): Promise<MessageLog>;
  /** The topic that a function of this process writes, and the way it does: commits these in one go, and announces. */
  readonly written: string;
  publish(log: MessageLog, messages: readonly Message[]): Promise<void>;
  /** The topic that anybody may append to. */
  readonly free: string;
  /** A group of which the log knows that it reads `written`. */
  readonly group: string;
  /** That group has dealt with everything up to here, and its process is gone. */
  dealWith(log: MessageLog, positions: readonly Position[]): Promise<void>;
  remove(): Promise<void>;
}

export interface Context {
  readonly subject: LogSubject;
  readonly log: MessageLog;
  subscribe(options?: {
    topics?: readonly string[];
    positions?: readonly Position[];
    wake?: () => void;
  }): Promise<Subscription>;
  publish(...messages: readonly Message[]): Promise<void>;
}

export function numbered(name: string, from: number, to: number): readonly Message[] {
  return Array.from({ length: to - from + 1 }, (_, index) => count(name, from + index));
}

/** The place of a record, for a reader that has dealt with it. */
export function placeOf({ topic, partition, position, epoch }: LogRecord): Position {
  return epoch === undefined ? { topic, partition, position } : { topic, partition, position, epoch };
}
