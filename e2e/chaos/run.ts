/** One run from the first process to the verdict. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { functionNames } from '../../saga/choreography.ts';
import { checksOf } from '../prove/checks.ts';
import { type Books, readBooks } from '../prove/ledger.ts';
import { freePorts } from '../tools/free-ports.ts';
import { Clients } from './client.ts';
import { Faults } from './faults.ts';
import { FlightRecord } from './flight-record.ts';
import type { StoredMovement, StoreHistory } from './history.ts';
import { bodyOf, type Reply, send } from './http.ts';
import { type Moment, statesOf, strikeText } from './live.ts';
import { commandOf, type Options } from './options.ts';
import { actionsOf, faultsOf, type Target, targets } from './plan.ts';
import { StoreProcess } from './process.ts';
import { lookAt, Sampler } from './sampler.ts';
import { readMovements, readNeeds, readStoreHistory } from './store-history.ts';
import { type Verdict, verdictOf } from './verdict.ts';

const SEED_MAX_MS = 10_000;
const REPLAY = { maxMs: 30_000, tries: 20, pauseMs: 250 };
const REST_MAX_MS = 90_000;
const REST_POLL_MS = 250;
/** Goods are brought for those who wait, and they may be more when it is looked again. */
const TOP_UPS_MAX = 5;

/** It could not be tried; the message is for a person. */
export class ChaosError extends Error {}

export interface Result {
  readonly verdict: Verdict;
  readonly record: FlightRecord;
  readonly store: StoreHistory | null;
}

export class ChaosRun {
  readonly record = new FlightRecord();
  readonly workDir = mkdtempSync(join(tmpdir(), 'saga-store-chaos-'));
  readonly #options: Options;
  readonly #entry: string;
  readonly #say: (line: string) => void;
  readonly #processes = new Map<Target, StoreProcess>();
  readonly #surprises: string[] = [];
  #clients: Clients | null = null;
  #phase: Moment['phase'] | null = null;

  /** `entry` is the program of the store; `say` takes the lines of progress. */
  constructor(options: Options, entry: string, say: (line: string) => void) {
    if (!existsSync(entry)) throw new ChaosError(`${entry} is not there: build first (yarn build)`);
    this.#options = options;
    this.#entry = entry;
    this.#say = say;
    process.on('exit', () => {
      if (!options.keepsData && !this.keepsEvidence) rmSync(this.workDir, { recursive: true, force: true });
    });
  }

  /** Whether the data should stay for somebody who wants to know why. */
  keepsEvidence = false;

  get dataDir(): string {
    return join(this.workDir, 'data');
  }

  /** The present, for the live line; null where there is nothing to tell. */
  moment(): Moment | null {
    const { record } = this;
    if (this.#phase === null) return null;
    const { minutes } = this.#options;
    const { placed = 0, backordered = 0, reserved = 0, ...final } = record.samples.at(-1)?.orders ?? {};
    return {
      phase: this.#phase,
      elapsedMs: record.nowMs(),
      totalMs: this.#phase === 'storm' && minutes !== null ? minutes * 60_000 : null,
      states: statesOf((target) => record.stateOf(target), record.troubles),
      acknowledged: this.#clients?.acknowledged ?? 0,
      withOutcome: Object.values(final).reduce((sum, count) => sum + count, 0),
      strikes: record.strikes.filter(({ outcome }) => outcome === 'injected').length,
    };
  }

  /** Does all of it. The signal ends the load; healing and the verdict follow. @throws {ChaosError} where it cannot begin */
  async run(signal: AbortSignal): Promise<Result> {
    const { record } = this;
    const faults = await this.#startStore();
    const clients = new Clients(this.#urlOf('gateway'), record);
    this.#clients = clients;
    clients.take(await this.#firstStock());
    record.begin();
    const sampler = new Sampler(this.dataDir, this.#processes, record);
    await this.#storm(clients, faults, signal);
    record.loadEndMs = record.nowMs();
    this.#phase = 'calm';
    this.#say('The load is over. Healing everything, and waiting until the store comes to rest.');
    await faults.healAll();
    await this.#replayLetters();
    const isAtRest = await this.#comeToRest(clients);
    sampler.stop();
    this.#phase = 'reading';
    const store = isAtRest ? await this.#readHistory() : null;
    clients.close();
    this.#phase = null;
    const restarts = [...this.#processes.values()].reduce((sum, process) => sum + process.restarts, 0);
    await Promise.all([...this.#processes.values()].map((process) => process.stop()));
    const verdict = verdictOf({
      seed: this.#options.seed,
      command: commandOf(this.#options),
      record,
      clients,
      store,
      checks: checksOf(readBooks(this.dataDir)),
      restarts,
      surprises: this.#surprises,
    });
    this.keepsEvidence = !verdict.isRight;
    return { verdict, record, store };
  }

  async #startStore(): Promise<Faults> {
    const ports = await freePorts(targets.length);
    mkdirSync(join(this.workDir, 'logs'), { recursive: true });
    const env = {
      ...Object.fromEntries(targets.map((target, n) => [`${target.toUpperCase()}_PORT`, String(ports[n])])),
      HOST: '127.0.0.1',
      DATA_DIR: this.dataDir,
      ENABLE_AUTOMATION: 'true',
      LOG_LEVEL: 'warn',
    };
    for (const [n, target] of targets.entries()) this.#processes.set(target, this.#create(target, ports[n] ?? 0, env));
    this.#say(`Starting ${targets.join(', ')} on ports of their own; data in ${this.dataDir}`);
    await Promise.all([...this.#processes.values()].map((process) => process.start()));
    const [surprise] = this.#surprises;
    if (surprise !== undefined) throw new ChaosError(`The store does not start: ${surprise}`);
    return new Faults({
      processes: this.#processes,
      record: this.record,
      onStrike: (fault, outcome) => this.#say(strikeText(fault, this.record.nowMs(), outcome)),
      onUnsupported: () =>
        this.#say('! The store has no switch for full disks and wrong clocks (404): such faults are NOT injected.'),
    });
  }

  /** What an operator does when the trouble is over: what was given up meanwhile is tried once more. */
  async #replayLetters(): Promise<void> {
    const body = { who: 'chaos', reason: 'the trouble is over', code: 'failed' };
    for (const name of functionNames) {
      const url = `${this.#urlOf('gateway')}/operations/${name}/dead-letters/replay`;
      let reply: Reply | null = null;
      for (let tries = 0; tries < REPLAY.tries && reply?.status !== 200; tries++) {
        if (reply !== null) await sleep(REPLAY.pauseMs);
        reply = await send('POST', url, { body, timeoutMs: REPLAY.maxMs });
      }
      const replayed = reply?.status === 200 ? bodyOf(reply)['replayed'] : null;
      if (replayed === null) this.#say(`! The letters of ${name} cannot be replayed: ${reply?.status}`);
      else if (replayed !== 0) this.#say(`${replayed} dead letters of ${name} were replayed`);
    }
  }

  /** A store fills in its examples when it starts; asked once more, it has done so for certain. */
  async #firstStock(): Promise<readonly StoredMovement[]> {
    const gateway = this.#urlOf('gateway');
    const { status } = await send('POST', `${gateway}/automation-testing/seed`, { timeoutMs: SEED_MAX_MS });
    if (status !== 200) throw new ChaosError(`The store cannot be seeded: ${status}`);
    return readMovements(gateway);
  }

  #create(target: Target, port: number, env: Readonly<Record<string, string>>): StoreProcess {
    const { record } = this;
    return new StoreProcess({
      target,
      entry: this.#entry,
      url: `http://127.0.0.1:${port}`,
      env,
      logFile: join(this.workDir, 'logs', `${target}.log`),
      onChange: (state) => {
        record.change(target, state);
        // A new process has room again, and the right time.
        if (state === 'down') record.endTrouble(target);
      },
      onWrongEnd: (sentence) => {
        this.#surprises.push(sentence);
        this.#say(`! ${sentence}`);
      },
    });
  }

  async #storm(clients: Clients, faults: Faults, signal: AbortSignal): Promise<void> {
    const { minutes, seed, ratePerS, kinds, targets: wanted } = this.#options;
    this.#phase = 'storm';
    const endMs = minutes === null ? Number.POSITIVE_INFINITY : minutes * 60_000;
    // When the time is over, what is broken then is healed at once.
    const over = new AbortController();
    const end = () => over.abort();
    const timer = minutes === null ? undefined : setTimeout(end, endMs);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const strikes = faults.run(faultsOf(seed, { kinds, targets: wanted }), endMs, over.signal);
    await Promise.all([clients.run(actionsOf(seed, ratePerS), endMs, over.signal), strikes]);
    clearTimeout(timer);
  }

  /** @returns false where it did not within the time it has; then the books are looked at all the same */
  async #comeToRest(clients: Clients): Promise<boolean> {
    const gateway = this.#urlOf('gateway');
    const deadlineMs = performance.now() + REST_MAX_MS;
    for (let round = 0; round < TOP_UPS_MAX; round++) {
      if (!(await this.#restUntil(deadlineMs))) return this.#neverRests();
      const needs = await readNeeds(gateway).catch(() => new Map<string, number>());
      if (needs.size === 0) break;
      this.#say(`Bringing goods for orders that wait: ${[...needs].map(([id, count]) => `${count} ${id}`).join(', ')}`);
      for (const [productId, quantity] of needs) {
        await clients.receive(`CHAOS-LAST-${round}-${productId}`, productId, quantity);
      }
    }
    this.record.restMs = this.record.nowMs();
    return true;
  }

  #neverRests(): false {
    this.#surprises.push(`the store did not come to rest within ${REST_MAX_MS / 1_000} s`);
    return false;
  }

  async #restUntil(deadlineMs: number): Promise<boolean> {
    while (performance.now() < deadlineMs) {
      if (lookAt(this.dataDir) !== null && isAtRest(readBooks(this.dataDir))) return true;
      await sleep(REST_POLL_MS);
    }
    return false;
  }

  async #readHistory(): Promise<StoreHistory | null> {
    try {
      return await readStoreHistory(this.#urlOf('gateway'));
    } catch (error) {
      this.#surprises.push(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  #urlOf(target: Target): string {
    return this.#processes.get(target)?.url ?? '';
  }
}

/** Every message is read, every notice is sent, and no order is on its way. Those that wait for goods may wait. */
function isAtRest({ readings, orders, notices }: Books): boolean {
  const isRead = readings.every(({ position, end }) => position === end);
  const isDone = orders.byStatus['placed'] === undefined;
  return isRead && isDone && notices.byStatus['pending'] === undefined;
}
