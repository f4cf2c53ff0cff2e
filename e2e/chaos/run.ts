/** One run, from starting the processes to the verdict. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { functionNames } from '../../saga/choreography.ts';
import { compileDiskFault, FaultyDisk } from '../faults/disk-fault.ts';
import { checksOf } from '../prove/checks.ts';
import { type Books, readBooks } from '../prove/ledger.ts';
import { freePorts } from '../tools/free-ports.ts';
import { StoreError, scriptFor } from '../tools/store-client.ts';
import { Clients } from './client.ts';
import { Faults } from './faults.ts';
import { FlightRecord } from './flight-record.ts';
import type { StoredMovement, StoreHistory } from './history.ts';
import { bodyOf, type Reply, send } from './http.ts';
import { injectionText, type Moment, statesOf } from './live.ts';
import { logSettings } from './log-settings.ts';
import { commandOf, type Options } from './options.ts';
import { actionsOf, faultsOf, type Target, targets, targetsOf } from './plan.ts';
import { StoreProcess } from './process.ts';
import { readSnapshot, Sampler } from './sampler.ts';
import { readMovements, readNeeds, readStoreHistory } from './store-history.ts';
import { type Verdict, verdictOf } from './verdict.ts';

const SEED_MAX_MS = 10_000;
const REPLAY = { maxMs: 30_000, tries: 20, pauseMs: 250 };
const SETTLE_MAX_MS = 90_000;
const SETTLE_POLL_MS = 250;
/** Goods are delivered for waiting orders, and more orders may wait afterwards. */
const TOP_UPS_MAX = 5;

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
  readonly #print: (line: string) => void;
  readonly #processes = new Map<Target, StoreProcess>();
  readonly #failures: string[] = [];
  #clients: Clients | null = null;
  #phase: Moment['phase'] | null = null;

  /** `entry` is the program of the store; `print` receives the lines of progress. */
  constructor(options: Options, entry: string, print: (line: string) => void) {
    if (!existsSync(entry))
      throw new StoreError(`${entry} does not exist: build first (${scriptFor(process.env, 'build')})`);
    this.#options = options;
    this.#entry = entry;
    this.#print = print;
    process.on('exit', () => {
      if (!options.keepsData && !this.keepsEvidence) rmSync(this.workDir, { recursive: true, force: true });
    });
  }

  /** Whether the data folder stays, to find out why the run failed. */
  keepsEvidence = false;

  get dataDir(): string {
    return join(this.workDir, 'data');
  }

  /** The current moment for the live line; null before and after the run. */
  moment(): Moment | null {
    const { record } = this;
    if (this.#phase === null) return null;
    const { minutes } = this.#options;
    const { placed = 0, backordered = 0, reserved = 0, ...final } = record.samples.at(-1)?.orders ?? {};
    return {
      phase: this.#phase,
      elapsedMs: record.nowMs(),
      totalMs: this.#phase === 'load' && minutes !== null ? minutes * 60_000 : null,
      states: statesOf((target) => record.stateOf(target), record.faultPeriods),
      acknowledged: this.#clients?.acknowledged ?? 0,
      withOutcome: Object.values(final).reduce((sum, count) => sum + count, 0),
      injections: record.injections.filter(({ outcome }) => outcome === 'injected').length,
    };
  }

  /** Does the whole run. The signal ends the load; the verdict follows. @throws {StoreError} when it cannot start */
  async run(signal: AbortSignal): Promise<Result> {
    const { record } = this;
    const faults = await this.#startStore();
    const clients = new Clients(this.#urlOf('gateway'), record);
    this.#clients = clients;
    clients.addInitialStock(await this.#initialStock());
    record.begin();
    const sampler = new Sampler(this.dataDir, this.#processes, record);
    await this.#runLoad(clients, faults, signal);
    record.loadEndMs = record.nowMs();
    this.#phase = 'settling';
    this.#print('The load is over. Clearing all faults and waiting until the store has settled.');
    await faults.clearAll();
    await this.#replayDeadLetters();
    const isSettled = await this.#settle(clients);
    sampler.stop();
    this.#phase = 'reading';
    const store = isSettled ? await this.#readHistory() : null;
    clients.close();
    this.#phase = null;
    const restarts = [...this.#processes.values()].reduce((sum, process) => sum + process.restarts, 0);
    await Promise.all([...this.#processes.values()].map((process) => process.stop()));
    const verdict = verdictOf({
      seed: this.#options.seed,
      command: commandOf(this.#options, process.env),
      record,
      clients,
      store,
      checks: checksOf(readBooks(this.dataDir)),
      restarts,
      failures: this.#failures,
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
      ...logSettings(process.env, this.workDir),
    };
    const disks = this.#createDisks();
    for (const [n, target] of targets.entries()) {
      this.#processes.set(target, this.#create(target, ports[n] ?? 0, env, disks.get(target) ?? null));
    }
    this.#print(`Starting ${targets.join(', ')} on free ports; data in ${this.dataDir}`);
    await Promise.all([...this.#processes.values()].map((process) => process.start()));
    const [failure] = this.#failures;
    if (failure !== undefined) throw new StoreError(`The store does not start: ${failure}`);
    return new Faults({
      processes: this.#processes,
      record: this.record,
      onInjection: (fault, outcome) => this.#print(injectionText(fault, this.record.nowMs(), outcome)),
      onUnsupported: () =>
        this.#print('! The store has no switch for faults (404): full, clock and poison are NOT injected.'),
    });
  }

  /** Replays the dead letters of the run, as an operator does when the faults are over. */
  async #replayDeadLetters(): Promise<void> {
    const body = { who: 'chaos', reason: 'the faults are over', code: 'failed' };
    for (const name of functionNames) {
      const url = `${this.#urlOf('gateway')}/operations/${name}/dead-letters/replay`;
      let reply: Reply | null = null;
      for (let tries = 0; tries < REPLAY.tries && reply?.status !== 200; tries++) {
        if (reply !== null) await sleep(REPLAY.pauseMs);
        reply = await send('POST', url, { body, timeoutMs: REPLAY.maxMs });
      }
      const replayed = reply?.status === 200 ? bodyOf(reply)['replayed'] : null;
      if (replayed === null) this.#print(`! The dead letters of ${name} cannot be replayed: ${reply?.status}`);
      else if (replayed !== 0) this.#print(`${replayed} dead letters of ${name} were replayed`);
    }
  }

  /** The store adds its example stock when it starts; seeding it again makes sure of that. */
  async #initialStock(): Promise<readonly StoredMovement[]> {
    const gateway = this.#urlOf('gateway');
    const { status } = await send('POST', `${gateway}/automation-testing/seed`, { timeoutMs: SEED_MAX_MS });
    if (status !== 200) throw new StoreError(`The store cannot be seeded: ${status}`);
    return readMovements(gateway);
  }

  /** A disk for each function that can have the fault. Empty on a machine where the library cannot be compiled. */
  #createDisks(): ReadonlyMap<Target, FaultyDisk> {
    const wanted = this.#options.kinds.includes('disk') ? targetsOf('disk', targets) : [];
    const library = wanted.length === 0 ? null : compileDiskFault(this.workDir);
    if (library === null) {
      if (wanted.length > 0)
        this.#print('! NO DISK ERRORS ARE INJECTED: this machine is not Linux or has no C compiler.');
      return new Map();
    }
    mkdirSync(this.dataDir, { recursive: true });
    return new Map(
      wanted.map((target) => {
        const workDir = join(this.workDir, 'disks', target);
        return [target, new FaultyDisk(library, this.dataDir, workDir, { records: false })];
      }),
    );
  }

  #create(target: Target, port: number, env: Readonly<Record<string, string>>, disk: FaultyDisk | null): StoreProcess {
    const { record } = this;
    return new StoreProcess({
      target,
      entry: this.#entry,
      url: `http://127.0.0.1:${port}`,
      env,
      disk,
      logFile: join(this.workDir, 'logs', `${target}.log`),
      onChange: (state) => {
        record.change(target, state);
        // Switched faults end with their process.
        if (state === 'down') record.endFault(target);
      },
      onWrongEnd: (sentence) => {
        this.#failures.push(sentence);
        this.#print(`! ${sentence}`);
      },
    });
  }

  async #runLoad(clients: Clients, faults: Faults, signal: AbortSignal): Promise<void> {
    const { minutes, seed, ratePerS, kinds, targets: wanted } = this.#options;
    this.#phase = 'load';
    const endMs = minutes === null ? Number.POSITIVE_INFINITY : minutes * 60_000;
    // When the time is over, active faults are cleared at once.
    const over = new AbortController();
    const end = () => over.abort();
    const timer = minutes === null ? undefined : setTimeout(end, endMs);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const injections = faults.run(faultsOf(seed, { kinds, targets: wanted }), endMs, over.signal);
    await Promise.all([clients.run(actionsOf(seed, ratePerS), endMs, over.signal), injections]);
    clearTimeout(timer);
  }

  /** Waits until the store has settled, and delivers what waiting orders need. @returns false when it takes too long */
  async #settle(clients: Clients): Promise<boolean> {
    const gateway = this.#urlOf('gateway');
    const deadlineMs = performance.now() + SETTLE_MAX_MS;
    for (let round = 0; round < TOP_UPS_MAX; round++) {
      if (!(await this.#waitUntilSettled(deadlineMs))) return this.#neverSettles();
      const needs = await readNeeds(gateway).catch(() => new Map<string, number>());
      if (needs.size === 0) break;
      this.#print(
        `Delivering goods for waiting orders: ${[...needs].map(([id, count]) => `${count} ${id}`).join(', ')}`,
      );
      for (const [productId, quantity] of needs) {
        await clients.receive(`CHAOS-LAST-${round}-${productId}`, productId, quantity);
      }
    }
    this.record.restMs = this.record.nowMs();
    return true;
  }

  #neverSettles(): false {
    this.#failures.push(`the store did not settle within ${SETTLE_MAX_MS / 1_000} s`);
    return false;
  }

  async #waitUntilSettled(deadlineMs: number): Promise<boolean> {
    while (performance.now() < deadlineMs) {
      if (readSnapshot(this.dataDir) !== null && isSettled(readBooks(this.dataDir))) return true;
      await sleep(SETTLE_POLL_MS);
    }
    return false;
  }

  async #readHistory(): Promise<StoreHistory | null> {
    try {
      return await readStoreHistory(this.#urlOf('gateway'));
    } catch (error) {
      this.#failures.push(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  #urlOf(target: Target): string {
    return this.#processes.get(target)?.url ?? '';
  }
}

/** Every message is read, every notice is sent, and every order has an outcome or waits for goods. */
function isSettled({ readings, orders, notices }: Books): boolean {
  const isRead = readings.every(({ position, end }) => position === end);
  const isDone = orders.byStatus['placed'] === undefined;
  return isRead && isDone && notices.byStatus['pending'] === undefined;
}
