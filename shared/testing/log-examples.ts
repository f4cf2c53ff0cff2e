import type { Message } from '../core/message.ts';
import type { LogRecord, MessageLog, Subscription } from '../ports/message-log.ts';
import type { Position } from '../ports/store.ts';
import { count } from './probe.ts';

/** A log for one test, with two topics. */
export interface LogSubject {
  /** Opens it; a further call opens it over the same topics. */
  open(): Promise<MessageLog>;
  /** The topic that a function of this process writes. */
  readonly written: string;
  /** Commits these messages to `written` in one transaction, and announces them. */
  publish(log: MessageLog, messages: readonly Message[]): Promise<void>;
  /** The public topic. */
  readonly publicTopic: string;
  /** The log notes when it receives a record of `written`, which then is the age of the record, not its `time`. */
  readonly notesReceipt: boolean;
  /** A group that the log knows as a reader of `written`. */
  readonly group: string;
  /** Commits these positions for that group; its process does not run afterwards. */
  commitPositions(log: MessageLog, positions: readonly Position[]): Promise<void>;
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

/** The position that a reader acknowledges after this record. */
export function placeOf({ topic, partition, position, epoch }: LogRecord): Position {
  return epoch === undefined ? { topic, partition, position } : { topic, partition, position, epoch };
}
