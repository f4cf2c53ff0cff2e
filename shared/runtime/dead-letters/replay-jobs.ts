import { randomUUID } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import { type BulkReplayRequest, batchSizes, countOpen, type ReplayProgress, replayInBatches } from './bulk-replay.ts';
import type { DeadLetterScope } from './dead-letter.ts';
import type { ReplayJobBody } from './replay-schemas.ts';

/** So many replays are remembered; the oldest is forgotten first. */
const REMEMBERED_MAX = 20;
const STOPPED_BY_OPERATOR = 'an operator has stopped it';

interface Job {
  /** What does not change. */
  readonly about: Pick<ReplayJobBody, 'replay' | 'function' | 'who' | 'reason' | 'filter' | 'startedAt' | 'planned'>;
  readonly stop: AbortController;
  progress: ReplayProgress;
  left: number;
  /** Why it ended early; null where it did not. */
  stopped: string | null;
  endedAt: string | null;
}

/** The bulk replays of a function that run by themselves, in memory alone. At most one bulk replay of any kind runs at a time. */
export class ReplayJobs {
  readonly #scope: DeadLetterScope;
  readonly #jobs = new Map<string, Job>();
  #isBusy = false;

  constructor(scope: DeadLetterScope) {
    this.#scope = scope;
  }

  /** Runs a bulk replay to its end. @throws {AppError} `conflict` while another one runs. */
  async alone<Result>(replay: () => Promise<Result>): Promise<Result> {
    this.#take();
    try {
      return await replay();
    } finally {
      this.#isBusy = false;
    }
  }

  /** Begins a bulk replay, and does not wait for it. @throws {AppError} `conflict` while another one runs. */
  async start(request: BulkReplayRequest): Promise<ReplayJobBody> {
    this.#take();
    let job: Job;
    try {
      job = await this.#newJob(request);
    } catch (error) {
      this.#isBusy = false;
      throw error;
    }
    this.#remember(job);
    void this.#run(job, request);
    return this.#bodyOf(job);
  }

  /** The newest first. */
  list(): ReplayJobBody[] {
    return [...this.#jobs.values()].reverse().map((job) => this.#bodyOf(job));
  }

  /** @throws {AppError} `not_found` */
  find(id: string): ReplayJobBody {
    return this.#bodyOf(this.#existing(id));
  }

  /** It ends after the dead letters that are replayed already. @throws {AppError} `not_found` */
  stop(id: string): ReplayJobBody {
    const job = this.#existing(id);
    if (job.endedAt === null) job.stop.abort(STOPPED_BY_OPERATOR);
    return this.#bodyOf(job);
  }

  #take(): void {
    if (this.#isBusy)
      throw new AppError('conflict', 'a bulk replay is running already; stop it, or wait until it is over');
    this.#isBusy = true;
  }

  async #newJob(request: BulkReplayRequest): Promise<Job> {
    const { who, reason, code, fingerprint, key, max } = request;
    const left = await countOpen(this.#scope, request);
    return {
      about: {
        replay: randomUUID().slice(0, 8),
        function: this.#scope.fn.name,
        who,
        reason,
        filter: {
          ...(code === undefined ? {} : { code }),
          ...(fingerprint === undefined ? {} : { fingerprint }),
          ...(key === undefined ? {} : { key }),
        },
        startedAt: this.#now(),
        planned: [...batchSizes(Math.min(left, max))],
      },
      stop: new AbortController(),
      progress: { replayed: 0, passed: 0, failed: 0, skipped: 0, waves: [] },
      left,
      stopped: null,
      endedAt: null,
    };
  }

  /** Never rejects: why a replay failed is a part of it. */
  async #run(job: Job, request: BulkReplayRequest): Promise<void> {
    const report = (progress: ReplayProgress) => {
      job.progress = progress;
    };
    try {
      const { stopped, left, ...progress } = await replayInBatches(this.#scope, request, {
        msMax: null,
        stop: job.stop.signal,
        report,
      });
      Object.assign(job, { stopped, left, progress });
    } catch (error) {
      job.stopped = `it failed: ${error instanceof Error ? error.message : String(error)}`;
    }
    job.endedAt = this.#now();
    this.#isBusy = false;
  }

  #remember(job: Job): void {
    this.#jobs.set(job.about.replay, job);
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > REMEMBERED_MAX && oldest !== undefined) this.#jobs.delete(oldest);
  }

  #existing(id: string): Job {
    const job = this.#jobs.get(id);
    if (job !== undefined) return job;
    const why = 'a restart ends replays and forgets them, and what they did not replay stays open';
    throw new AppError('not_found', `${this.#scope.fn.name} knows no replay ${id.slice(0, 64)}; ${why}`);
  }

  #bodyOf({ about, stop, progress, left, stopped, endedAt }: Job): ReplayJobBody {
    const self = `/operations/${about.function}/replays/${about.replay}`;
    const isRunning = endedAt === null;
    const runningState = stop.signal.aborted ? 'stopping' : 'running';
    const endState = stopped === null ? 'done' : 'stopped';
    return {
      ...about,
      ...progress,
      waves: [...progress.waves],
      state: isRunning ? runningState : endState,
      stopped,
      // Those that have passed are open no more; what fails comes back. Counted exactly at the end.
      left: isRunning ? Math.max(0, left - progress.passed) : left,
      endedAt,
      _links: { self: { href: self }, ...(isRunning ? { stop: { href: self, method: 'DELETE' } } : {}) },
    };
  }

  #now(): string {
    return new Date(this.#scope.context.clock.nowMs()).toISOString();
  }
}
