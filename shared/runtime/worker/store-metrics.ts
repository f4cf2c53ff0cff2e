import { Gauge, type Registry } from 'prom-client';

/** Adds the metric of the write-ahead log's size, which shows a reader that never ends its transaction. */
export function addStoreMetrics(registry: Registry, walBytes: () => number): void {
  new Gauge({
    name: 'saga_wal_bytes',
    help: 'Size of the write-ahead log; above some 20 MiB, an open transaction blocks copying it back',
    registers: [registry],
    collect() {
      this.set(walBytes());
    },
  });
}
