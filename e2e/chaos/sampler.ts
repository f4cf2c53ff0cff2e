/** Samples the running store from outside: its files can be read even while their function is down. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { dataFile } from '../../functions/engine.ts';
import type { FlightRecord } from './flight-record.ts';
import { send } from './http.ts';
import type { Target } from './plan.ts';
import type { StoreProcess } from './process.ts';

const SAMPLE_MS = 250;
const METRICS_MS = 1_000;
const METRICS_MAX_MS = 800;
const LOCK_MAX_MS = 100;

interface LevelRow {
  readonly productId: string;
  readonly onHand: number;
  readonly reserved: number;
}

export interface StoreSnapshot {
  readonly levels: Readonly<Record<string, { readonly onHand: number; readonly reserved: number }>>;
  readonly orders: Readonly<Record<string, number>>;
}

/** Null when a file does not exist yet or is locked. */
export function readSnapshot(dataDir: string): StoreSnapshot | null {
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

/** Opens a connection for each read: a connection that stays open could block a function that starts. */
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
        const snapshot = readSnapshot(dataDir);
        if (snapshot !== null) record.sample({ ...snapshot, parked: { ...this.#parked } });
      }, SAMPLE_MS),
      setInterval(() => {
        for (const process of processes.values()) void this.#readMetrics(process);
      }, METRICS_MS),
    );
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #readMetrics({ target, url }: StoreProcess): Promise<void> {
    const { status, text } = await send('GET', `${url}/metrics`, { timeoutMs: METRICS_MAX_MS });
    const parked = status === 200 ? gaugeOf(text, 'saga_parked_messages') : null;
    if (parked === null) delete this.#parked[target];
    else this.#parked[target] = parked;
  }
}

/** The sum of a gauge over its labels, from the Prometheus text format; null when there is no such gauge. */
export function gaugeOf(text: string, name: string): number | null {
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].map(([, value]) =>
    Number(value),
  );
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}
