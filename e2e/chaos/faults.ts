/** Injects the faults of a plan, each at its time, and clears them again. */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultyDisk } from '../faults/disk-fault.ts';
import type { FaultOutcome, FlightRecord } from './flight-record.ts';
import { type Reply, send } from './http.ts';
import { type Fault, isSwitch, type Target } from './plan.ts';

const SWITCH_MAX_MS = 3_000;
const CLEAR_POLL_MS = 100;
const CLEAR_TRIES_MAX = 100;
/** Three orders in ten fail; the others show that they are not blocked by them. */
const POISON = { share: 0.3, as: 'transient' };
const CLEARED = { noRoom: false, clockShiftMs: 0, poison: null };

/** A process of the store that faults are injected into. The methods are documented at `StoreProcess`. */
export interface TargetProcess {
  readonly target: Target;
  readonly url: string;
  readonly runNumber: number;
  /** Whether the run has been ready: on a disk that errs, a process does not start. */
  readonly isReady: boolean;
  /** Null when calls of this process cannot be made to fail. */
  readonly disk: Pick<FaultyDisk, 'set' | 'clear'> | null;
  start(): Promise<void>;
  kill(): Promise<void> | null;
  stop(): Promise<void> | null;
  freeze(): boolean;
  thaw(): void;
}

export interface FaultContext {
  readonly processes: ReadonlyMap<Target, TargetProcess>;
  readonly record: FlightRecord;
  /** Called for each fault after its injection. */
  onInjection(fault: Fault, outcome: FaultOutcome): void;
  /** Called once when the store does not support the fault. */
  onUnsupported(): void;
}

/** Resolves at `atMs` of the record, or when the signal aborts. @returns false when it was aborted */
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

  /** Injects faults until the plan reaches `endMs` or the signal aborts; resolves when all of them are cleared. */
  async run(plan: Iterator<Fault>, endMs: number, signal: AbortSignal): Promise<void> {
    setMaxListeners(0, signal);
    const open = new Set<Promise<void>>();
    for (let fault = plan.next().value; fault.atMs < endMs; fault = plan.next().value) {
      if (!(await untilMs(this.#context.record, fault.atMs, signal))) break;
      const injection: Promise<void> = this.#inject(fault, signal).finally(() => open.delete(injection));
      open.add(injection);
    }
    await Promise.all(open);
  }

  /** Continues frozen processes, starts stopped ones and switches all faults off. */
  async clearAll(): Promise<void> {
    const { processes } = this.#context;
    for (const process of processes.values()) {
      process.thaw();
      process.disk?.clear();
    }
    await Promise.all([...processes.values()].map((process) => process.start()));
    await Promise.all([...processes.values()].map((process) => this.#clear(process, process.runNumber, CLEARED)));
  }

  async #inject(fault: Fault, signal: AbortSignal): Promise<void> {
    const process = this.#context.processes.get(fault.target);
    if (process === undefined) return;
    const pause = async () => void (await sleep(fault.durationMs, undefined, { signal }).catch(() => undefined));
    switch (fault.kind) {
      case 'kill':
      case 'stop': {
        const done = fault.kind === 'kill' ? process.kill() : process.stop();
        this.#report(fault, done === null ? 'missed' : 'injected');
        if (done === null) return;
        await done;
        await pause();
        return process.start();
      }
      case 'freeze':
        if (!process.freeze()) return this.#report(fault, 'missed');
        this.#report(fault, 'injected');
        await pause();
        return process.thaw();
      case 'full':
        return this.#switch(fault, process, { noRoom: true }, { noRoom: false }, pause);
      case 'clock':
        return this.#switch(fault, process, { clockShiftMs: fault.shiftMs }, { clockShiftMs: 0 }, pause);
      case 'poison':
        return this.#switch(fault, process, { poison: POISON }, { poison: null }, pause);
      case 'disk':
        return this.#breakDisk(fault, process, pause);
    }
  }

  /** A start of the process ends it, too. */
  async #breakDisk(fault: Fault, process: TargetProcess, pause: () => Promise<void>): Promise<void> {
    const { record } = this.#context;
    const { disk, runNumber } = process;
    const { target, errors } = fault;
    if (disk === null || errors === null) return this.#report(fault, 'unsupported');
    if (!process.isReady) return this.#report(fault, 'missed');
    disk.set([errors]);
    this.#report(fault, 'injected');
    record.beginFault(target, 'disk', 0);
    await pause();
    if (process.runNumber !== runNumber) return;
    disk.clear();
    record.endFault(target, 'disk');
  }

  async #switch(fault: Fault, process: TargetProcess, on: object, off: object, pause: () => Promise<void>) {
    const { record } = this.#context;
    const { runNumber } = process;
    const outcome = this.#isUnsupported ? 'unsupported' : this.#outcomeOf(await this.#post(process, on));
    this.#report(fault, outcome);
    if (outcome !== 'injected' || !isSwitch(fault.kind)) return;
    const { kind } = fault;
    record.beginFault(fault.target, kind, fault.shiftMs);
    await pause();
    await this.#clear(process, runNumber, off);
    record.endFault(fault.target, kind);
  }

  #outcomeOf({ status }: Reply): FaultOutcome {
    if (status === 200) return 'injected';
    if (status !== 404 && status !== 405) return 'missed';
    if (!this.#isUnsupported) this.#context.onUnsupported();
    this.#isUnsupported = true;
    return 'unsupported';
  }

  /** Switches faults off, unless the process has ended meanwhile: its faults ended with it. */
  async #clear(process: TargetProcess, runNumber: number, off: object): Promise<void> {
    if (process.target === 'gateway' || this.#isUnsupported) return;
    for (let tries = 0; tries < CLEAR_TRIES_MAX && process.runNumber === runNumber && runNumber >= 0; tries++) {
      const { status } = await this.#post(process, off);
      if (
        status === 200 ||
        this.#outcomeOf({ status, text: '', isReplay: false, isConnectionRefused: false }) !== 'missed'
      )
        return;
      await sleep(CLEAR_POLL_MS);
    }
  }

  #post({ url }: TargetProcess, body: object): Promise<Reply> {
    return send('POST', `${url}/automation-testing/faults`, { body, timeoutMs: SWITCH_MAX_MS });
  }

  #report(fault: Fault, outcome: FaultOutcome): void {
    this.#context.record.addInjection(fault, outcome);
    this.#context.onInjection(fault, outcome);
  }
}
