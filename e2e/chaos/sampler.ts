/** Looks at the store from outside while it runs: at its files, which answer also while their function is away. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { dataFile } from '../../functions/engine.ts';
import type { FlightRecord } from './flight-record.ts';
import { send } from './http.ts';
import type { Target } from './plan.ts';
import type { StoreProcess } from './process.ts';

const LOOK_MS = 250;
const METRICS_MS = 1_000;
const METRICS_MAX_MS = 800;
const LOCK_MAX_MS = 100;

interface LevelRow {
  readonly productId: string;
  readonly onHand: number;
  readonly reserved: number;
}

export interface Look {
  readonly levels: Readonly<Record<string, { readonly onHand: number; readonly reserved: number }>>;
  readonly orders: Readonly<Record<string, number>>;
}

/** Null where a file is not there yet, or is locked just now. */
export function lookAt(dataDir: string): Look | null {
  const levels = rowsOf<LevelRow>(
    dataFile(dataDir, 'inventory'),
    'SELECT product_id AS productId, on_hand AS onHand, reserved FROM stock ORDER BY product_id',
  );
  const orders = rowsOf<{ status: string; count: number }>(
    dataFile(dataDir, 'order'),
    'SELECT status, count(*) AS count FROM orders GROUP BY status',
  );
  if (levels === null || orders === null) return null;
  return {
    levels: Object.fromEntries(levels.map(({ productId, onHand, reserved }) => [productId, { onHand, reserved }])),
    orders: Object.fromEntries(orders.map(({ status, count }) => [status, count])),
  };
}

/** A connection for each look: an open one could be in the way of a function that starts. */
function rowsOf<Row>(file: string, sql: string): readonly Row[] | null {
  if (!existsSync(file)) return null;
  try {
    const db = new Database(file, { readonly: true, fileMustExist: true, timeout: LOCK_MAX_MS });
    try {
      return db.prepare(sql).all() as Row[];
    } finally {
      db.close();
    }
  } catch {
    return null;
  }
}

export class Sampler {
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #parked: Partial<Record<Target, number>> = {};

  constructor(dataDir: string, processes: ReadonlyMap<Target, StoreProcess>, record: FlightRecord) {
    this.#timers.push(
      setInterval(() => {
        const look = lookAt(dataDir);
        if (look !== null) record.sample({ ...look, parked: { ...this.#parked } });
      }, LOOK_MS),
      setInterval(() => {
        for (const process of processes.values()) void this.#askMetrics(process);
      }, METRICS_MS),
    );
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #askMetrics({ target, url }: StoreProcess): Promise<void> {
    const { status, text } = await send('GET', `${url}/metrics`, { timeoutMs: METRICS_MAX_MS });
    const parked = status === 200 ? gaugeOf(text, 'saga_parked_messages') : null;
    if (parked === null) delete this.#parked[target];
    else this.#parked[target] = parked;
  }
}

/** The sum of a gauge over its labels, from Prometheus' text format; null where there is no such gauge. */
export function gaugeOf(text: string, name: string): number | null {
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].map(([, value]) =>
    Number(value),
  );
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}
