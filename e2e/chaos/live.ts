/** The progress of a run: one line that is redrawn on a terminal, plain lines elsewhere. */
import type { DiskRule } from '../faults/disk-fault.ts';
import type { FaultOutcome, PartState } from './flight-record.ts';
import { type Fault, type SwitchKind, type Target, targets } from './plan.ts';

const BAR_WIDTH = 24;
/** Used when the width of the terminal is unknown. */
const COLUMNS_DEFAULT = 80;
const REDRAW_MS = 100;
const SUMMARY_MS = 3_000;

export interface Moment {
  readonly phase: 'load' | 'settling' | 'reading';
  readonly elapsedMs: number;
  /** Null: until Ctrl-C. */
  readonly totalMs: number | null;
  readonly states: readonly (readonly [target: Target, state: PartState | SwitchKind])[];
  readonly acknowledged: number;
  readonly withOutcome: number;
  readonly injections: number;
}

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export function paintFor(hasColor: boolean): Paint {
  const paint = (open: number, close: number) => (text: string) =>
    hasColor ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}

const PHASES = {
  load: 'injecting faults',
  settling: 'faults cleared, settling',
  reading: 'reading the history',
} as const;

/** `isBrief` omits the bar, for lines that stay. */
export function momentText(moment: Moment, paint: Paint, isBrief = false): string {
  const { phase, elapsedMs, totalMs, states, acknowledged, withOutcome, injections } = moment;
  const time = totalMs === null ? clockText(elapsedMs) : `${clockText(elapsedMs)}/${clockText(totalMs)}`;
  const bar = isBrief || totalMs === null ? '' : `${barText(elapsedMs / totalMs)} `;
  const impaired = states.filter(([, state]) => state !== 'up');
  const problems = impaired.map(([target, state]) => stateText(target, state, paint)).join(', ');
  const orders = `${acknowledged} orders acknowledged, ${withOutcome} with an outcome`;
  return [
    bar + time,
    PHASES[phase],
    problems === '' ? paint.green('all up') : problems,
    `${injections} ${injections === 1 ? 'fault' : 'faults'}`,
    orders,
  ].join('  ');
}

const STATE_TEXTS: Readonly<Partial<Record<PartState | SwitchKind, string>>> = {
  full: 'with a full disk',
  clock: 'with a wrong clock',
  poison: 'failing on some orders',
  disk: 'with disk errors',
};

function stateText(target: Target, state: PartState | SwitchKind, paint: Paint): string {
  const text = `${target} ${STATE_TEXTS[state] ?? state}`;
  if (state === 'down' || state === 'stopping') return paint.red(text);
  return state === 'frozen' ? paint.cyan(text) : paint.yellow(text);
}

export function barText(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
}

function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export function errorsText({ operation, failure, share = 1 }: DiskRule): string {
  return `${Math.round(share * 100)} % of ${operation} calls: ${failure}`;
}

/** The line that shows a fault. */
export function injectionText(fault: Fault, atMs: number, outcome: FaultOutcome): string {
  const { kind, target, durationMs, shiftMs, errors } = fault;
  const seconds = (durationMs / 1_000).toFixed(1);
  const shiftS = Math.abs(Math.round(shiftMs / 1_000));
  const what = {
    kill: `kill -9 ${target}, restart after ${seconds} s`,
    freeze: `freeze ${target} for ${seconds} s`,
    stop: `stop ${target}, restart after ${seconds} s`,
    full: `full disk for ${target} for ${seconds} s`,
    clock: `clock of ${target} ${shiftS} s ${shiftMs < 0 ? 'behind' : 'ahead'} for ${seconds} s`,
    poison: `${target} fails on some orders for ${seconds} s`,
    disk: `disk errors for ${target} (${errors === null ? '' : errorsText(errors)}) for ${seconds} s`,
  }[kind];
  const note = {
    injected: '',
    missed: '  (missed: the process was not available)',
    unsupported: '  (not injected: not possible here)',
  };
  return `${(atMs / 1_000).toFixed(1).padStart(6)} s  ${what}${note[outcome]}`;
}

export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Prints lines that stay, and below them the current moment. */
export class LiveLine {
  readonly #screen: Screen;
  readonly #paint: Paint;
  readonly #timer: NodeJS.Timeout;
  readonly #moment: () => Moment | null;
  #hasLine = false;

  constructor(screen: Screen, paint: Paint, moment: () => Moment | null) {
    this.#screen = screen;
    this.#paint = paint;
    this.#moment = moment;
    this.#timer = setInterval(() => this.#draw(), screen.isTTY ? REDRAW_MS : SUMMARY_MS);
  }

  /** Prints a line that stays. */
  print(line: string): void {
    this.#clear();
    this.#screen.write(`${line}\n`);
    if (this.#screen.isTTY) this.#draw();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #draw(): void {
    const moment = this.#moment();
    if (moment === null) return;
    if (!this.#screen.isTTY) {
      this.#screen.write(`${momentText(moment, this.#paint, true)}\n`);
      return;
    }
    this.#clear();
    this.#screen.write(fitted(momentText(moment, this.#paint), this.#screen.columns || COLUMNS_DEFAULT));
    this.#hasLine = true;
  }

  #clear(): void {
    if (this.#hasLine) this.#screen.write('\r\u001b[2K');
    this.#hasLine = false;
  }
}

/** Cuts a text to the width of the terminal, because a wrapped line cannot be erased. Colour codes have no width. */
export function fitted(text: string, columns: number): string {
  let rest = columns - 1;
  let isColor = false;
  let cut = '';
  for (const character of text) {
    isColor ||= character === '\u001b';
    if (isColor || rest > 0) cut += character;
    if (!isColor) rest -= 1;
    if (character === 'm') isColor = false;
  }
  return cut;
}

/** The state of each target, and its active faults. */
export function statesOf(
  stateOf: (target: Target) => PartState,
  faultPeriods: readonly { readonly target: Target; readonly kind: SwitchKind; readonly toMs: number | null }[],
): Moment['states'] {
  return targets.flatMap((target) => {
    const open = faultPeriods.filter((period) => period.target === target && period.toMs === null);
    const states: (PartState | SwitchKind)[] = [stateOf(target), ...open.map(({ kind }) => kind)];
    return states.map((state) => [target, state] as const);
  });
}
