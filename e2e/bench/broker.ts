/** The Kafka broker of a run of the bench, and programs that have their messages in it. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Terminal } from '../tools/store-client.ts';
import { type Program, workDir } from './servers.ts';

/** What a store has when nothing else is set. */
const PARTITIONS = 6;

export class BenchBroker {
  readonly #addresses: string;
  readonly #end: () => Promise<void>;
  readonly #run = randomUUID().slice(0, 8);
  #starts = 0;

  private constructor(addresses: string, end: () => Promise<void>) {
    this.#addresses = addresses;
    this.#end = end;
  }

  /** Starts one that ends with this process, or takes the one of `KAFKA_BROKERS`. */
  static async start(env: Terminal['env'], progress: (line: string) => void): Promise<BenchBroker> {
    const given = env['KAFKA_BROKERS'] ?? '';
    if (given !== '') return new BenchBroker(given, async () => undefined);
    const { startBroker } = await import('../engines/broker.ts');
    const broker = await startBroker({ dataDir: join(workDir(), 'broker'), jvmOptions: [], onProgress: progress });
    // Before the folder is removed, into which it writes.
    process.prependListener('exit', () => void broker.kill());
    return new BenchBroker(broker.address, () => broker.stop());
  }

  /** The program with its messages in this broker, in topics of its own for each start. */
  on(program: Program): Program {
    return { ...program, settings: () => this.settings() };
  }

  /** Settings of a store that has topics of its own. */
  settings(): Readonly<Record<string, string>> {
    this.#starts += 1;
    return {
      LOG: 'kafka',
      KAFKA_BROKERS: this.#addresses,
      KAFKA_TOPIC_PREFIX: `bench-${this.#run}-${this.#starts}.`,
      KAFKA_PARTITIONS: String(PARTITIONS),
    };
  }

  stop(): Promise<void> {
    return this.#end();
  }
}
