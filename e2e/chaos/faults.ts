/** Carries the faults of a plan out, each at its time, and heals what it did. */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultOutcome, FlightRecord } from './flight-record.ts';
import { type Reply, send } from './http.ts';
import { type Fault, isSwitch, type Target } from './plan.ts';

const SWITCH_MAX_MS = 3_000;
const HEAL_POLL_MS = 100;
const HEAL_TRIES_MAX = 100;
/** Three orders in ten: the others show that they do not wait for them. */
const TROUBLE = { share: 0.3, as: 'trouble' };
const HEALED = { noRoom: false, clockShiftMs: 0, poison: null };

/** Whoever is struck: a process of the store. What each of these does is said at `StoreProcess`. */
export interface Victim {
  readonly target: Target;
  readonly url: string;
  readonly life: number;
  start(): Promise<void>;
  kill(): Promise<void> | null;
  stop(): Promise<void> | null;
  freeze(): boolean;
  thaw(): void;
}

export interface FaultContext {
  readonly processes: ReadonlyMap<Target, Victim>;
  readonly record: FlightRecord;
  /** Told of each fault when it was done, and once when the store has no switch for it. */
  onStrike(fault: Fault, outcome: FaultOutcome): void;
  onUnsupported(): void;
}

/** Resolves at `atMs` of the record, or at once when the signal comes. @returns whether the time has come */
export async function untilMs(record: FlightRecord, atMs: number, signal: AbortSignal): Promise<boolean> {
  const restMs = atMs - record.nowMs();
  if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}

export class Faults {
  readonly #context: FaultContext;
  #isUnsupported = false;

  constructor(context: FaultContext) {
    this.#context = context;
  }

  /** Strikes until the plan reaches `endMs` or the signal comes; resolves when everything it did is healed. */
  async run(plan: Iterator<Fault>, endMs: number, signal: AbortSignal): Promise<void> {
    setMaxListeners(0, signal);
    const open = new Set<Promise<void>>();
    for (let fault = plan.next().value; fault.atMs < endMs; fault = plan.next().value) {
      if (!(await untilMs(this.#context.record, fault.atMs, signal))) break;
      const strike: Promise<void> = this.#strike(fault, signal).finally(() => open.delete(strike));
      open.add(strike);
    }
    await Promise.all(open);
  }

  /** Continues, starts and puts right whatever is not as it should be. */
  async healAll(): Promise<void> {
    const { processes } = this.#context;
    for (const process of processes.values()) process.thaw();
    await Promise.all([...processes.values()].map((process) => process.start()));
    await Promise.all([...processes.values()].map((process) => this.#heal(process, process.life, HEALED)));
  }

  async #strike(fault: Fault, signal: AbortSignal): Promise<void> {
    const process = this.#context.processes.get(fault.target);
    if (process === undefined) return;
    const pause = async () => void (await sleep(fault.durationMs, undefined, { signal }).catch(() => undefined));
    switch (fault.kind) {
      case 'kill':
      case 'stop': {
        const done = fault.kind === 'kill' ? process.kill() : process.stop();
        this.#tell(fault, done === null ? 'missed' : 'injected');
        if (done === null) return;
        await done;
        await pause();
        return process.start();
      }
      case 'freeze':
        if (!process.freeze()) return this.#tell(fault, 'missed');
        this.#tell(fault, 'injected');
        await pause();
        return process.thaw();
      case 'full':
        return this.#switch(fault, process, { noRoom: true }, { noRoom: false }, pause);
      case 'clock':
        return this.#switch(fault, process, { clockShiftMs: fault.shiftMs }, { clockShiftMs: 0 }, pause);
      case 'poison':
        return this.#switch(fault, process, { poison: TROUBLE }, { poison: null }, pause);
    }
  }

  async #switch(fault: Fault, process: Victim, on: object, off: object, pause: () => Promise<void>) {
    const { record } = this.#context;
    const { life } = process;
    const outcome = this.#isUnsupported ? 'unsupported' : this.#outcomeOf(await this.#post(process, on));
    this.#tell(fault, outcome);
    if (outcome !== 'injected' || !isSwitch(fault.kind)) return;
    const { kind } = fault;
    record.beginTrouble(fault.target, kind, fault.shiftMs);
    await pause();
    await this.#heal(process, life, off);
    record.endTrouble(fault.target, kind);
  }

  #outcomeOf({ status }: Reply): FaultOutcome {
    if (status === 200) return 'injected';
    if (status !== 404 && status !== 405) return 'missed';
    if (!this.#isUnsupported) this.#context.onUnsupported();
    this.#isUnsupported = true;
    return 'unsupported';
  }

  /** A process that has ended meanwhile took its faults with it. */
  async #heal(process: Victim, life: number, off: object): Promise<void> {
    if (process.target === 'gateway' || this.#isUnsupported) return;
    for (let tries = 0; tries < HEAL_TRIES_MAX && process.life === life && life >= 0; tries++) {
      const { status } = await this.#post(process, off);
      if (status === 200 || this.#outcomeOf({ status, text: '', isReplay: false, isUnheard: false }) !== 'missed')
        return;
      await sleep(HEAL_POLL_MS);
    }
  }

  #post({ url }: Victim, body: object): Promise<Reply> {
    return send('POST', `${url}/automation-testing/faults`, { body, timeoutMs: SWITCH_MAX_MS });
  }

  #tell(fault: Fault, outcome: FaultOutcome): void {
    this.#context.record.strike(fault, outcome);
    this.#context.onStrike(fault, outcome);
  }
}
