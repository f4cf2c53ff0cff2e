import { Gauge, type Registry } from 'prom-client';

/** Adds the figure about the write-ahead log of the function's file: an alarm for a reader that never lets go of it. */
export function addStoreMetrics(registry: Registry, walBytes: () => number): void {
  new Gauge({
    name: 'saga_wal_bytes',
    help: 'Size of the write-ahead log; above some 20 MiB somebody keeps a transaction open and it cannot be copied back',
    registers: [registry],
    collect() {
      this.set(walBytes());
    },
  });
}
