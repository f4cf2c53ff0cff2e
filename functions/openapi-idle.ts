/** What routes are documented with where no function runs: none of it is ever called. */
import { catalog } from '../saga/catalog.ts';
import { AppError } from '../shared/core/errors.ts';
import type { DeadLetterLimits } from '../shared/runtime/dead-letters/settings.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import type { Inspected } from '../shared/runtime/inspect/inspected.ts';
import { FaultInjection } from '../shared/runtime/worker/fault-injection.ts';
import { Figures } from '../shared/runtime/worker/figures.ts';
import type { FunctionContext } from '../shared/runtime/worker/function-context.ts';

export const noLimits: DeadLetterLimits = {
  replaysMax: 0,
  perSecond: 0,
  windowMs: 0,
  windowSetting: 'INBOX_RETENTION_DAYS',
};

export function onlyDocuments(): AppError {
  return new AppError('unavailable', 'this app only documents its routes');
}

export const noFaults = new FaultInjection('store', { nowMs: () => 0, upMs: () => 0 }, { setRoom() {}, setAway() {} });

export const idleContext: FunctionContext = {
  catalog,
  get store(): never {
    throw onlyDocuments();
  },
  get clock(): never {
    throw onlyDocuments();
  },
  get believed(): never {
    throw onlyDocuments();
  },
  submit: () => Promise.reject(onlyDocuments()),
  dryRun: () => Promise.reject(onlyDocuments()),
  invalidateParked: async () => undefined,
  onCommit: () => () => undefined,
};

export function idleInspected(fn: StoreFunction, stopping: AbortSignal): Inspected {
  return {
    fn,
    get store(): never {
      throw onlyDocuments();
    },
    get log(): never {
      throw onlyDocuments();
    },
    clock: { nowMs: () => 0, upMs: () => 0 },
    relayed: null,
    writerOf: () => null,
    figures: new Figures(),
    watermarks: { has: () => false },
    unavailableReason: async () => null,
    waiting: () => ({ parked: 0, paused: [] }),
    walBytes: () => null,
    onCommit: () => () => undefined,
    stepsOf: async () => [],
    stopping,
  };
}

export function noClient(): never {
  throw onlyDocuments();
}
