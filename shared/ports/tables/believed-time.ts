import { table } from '../store.ts';

/** The time that a function believes; one row. Times are milliseconds since 1970. */
export interface BelievedTimeRow {
  readonly id: number;
  readonly believedMs: number;
  /** What the clock read when it was first seen to be ahead of that; null while it is not. */
  readonly aheadFromMs: number | null;
  /** For how long the function has run since, while the clock stayed ahead, or stayed behind. */
  readonly waitedMs: number;
}

export const believedTimes = table<BelievedTimeRow>(
  'believed_time',
  { id: 'integer', believedMs: 'integer', aheadFromMs: 'integer', waitedMs: 'integer' },
  { key: ['id'] },
);

/** What the clock read while it was behind the believed time: what is stamped so was written at `reachedMs` or later. */
export interface ClockBehindRow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reachedMs: number;
}

export const clockBehinds = table<ClockBehindRow>(
  'clock_behind',
  { fromMs: 'integer', toMs: 'integer', reachedMs: 'integer' },
  { key: ['fromMs'] },
);

/** That a topic ended at `position` from `fromMs` until `untilMs`, at least. */
export interface TopicMarkRow {
  readonly topic: string;
  readonly position: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

export const topicMarks = table<TopicMarkRow>(
  'topic_mark',
  { topic: 'text', position: 'integer', fromMs: 'integer', untilMs: 'integer' },
  { key: ['topic', 'position'] },
);

/** The tables by which a function knows how old its rows are. */
export const timeTables = [believedTimes, clockBehinds, topicMarks];
