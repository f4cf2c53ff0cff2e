/** Kafka brokers that break on demand, without Java: compiles `mock-cluster.c`, starts it and gives it commands. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('./mock-cluster.c', import.meta.url));

/** Kinds of requests, by the protocol's keys, that can be made to fail. */
export const requestKeys = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  offsetCommit: 8,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  syncGroup: 14,
  initProducerId: 22,
} as const;

/**
 * @param folder where the program is put
 * @returns its path; null on a machine that has no C compiler or no librdkafka
 */
export function compileMockCluster(folder: string): string | null {
  const program = join(folder, 'mock-cluster');
  try {
    execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-Werror', '-o', program, SOURCE, '-lrdkafka'], { stdio: 'pipe' });
    return program;
  } catch (error) {
    // A compiler that is there, finds the library and refuses the source is a bug of the source.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    if (error instanceof Error && /librdkafka\/rdkafka\w*\.h: No such file/.test(error.message)) return null;
    throw error;
  }
}

/**
 * A cluster of mock brokers, numbered from 1. It has no files, no admin requests (topics are created here) and no transactions.
 * Each method has taken effect when its promise resolves.
 */
export class MockCluster {
  readonly brokers: readonly string[];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, null>,
    lines: AsyncIterator<string>,
    brokers: readonly string[],
  ) {
    this.#child = child;
    this.#lines = lines;
    this.brokers = brokers;
  }

  /** @param program what {@link compileMockCluster} has returned */
  static async start(program: string, brokers = 3): Promise<MockCluster> {
    // It ends with its input, so also when this process is killed.
    const child = spawn(program, [String(brokers)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the mock cluster ended before it said its addresses');
    return new MockCluster(child, lines, String(value).split(','));
  }

  createTopic(topic: string, partitions: number, replicas = this.brokers.length): Promise<void> {
    return this.#command(`topic ${topic} ${partitions} ${replicas}`);
  }

  /** Closes the broker's connections; it takes no new ones until {@link up}. */
  down(broker: number): Promise<void> {
    return this.#command(`down ${broker}`);
  }

  up(broker: number): Promise<void> {
    return this.#command(`up ${broker}`);
  }

  /** Delays each answer of the broker. */
  rtt(broker: number, delayMs: number): Promise<void> {
    return this.#command(`rtt ${broker} ${delayMs}`);
  }

  /** Moves a partition to another leader. */
  leader(topic: string, partition: number, broker: number): Promise<void> {
    return this.#command(`leader ${topic} ${partition} ${broker}`);
  }

  /** Moves a consumer group to another coordinator. */
  coordinator(group: string, broker: number): Promise<void> {
    return this.#command(`coordinator ${group} ${broker}`);
  }

  /** The next `count` requests of this kind are answered with an error code of the protocol and not carried out. */
  fail(request: keyof typeof requestKeys, errorCode: number, count = 1): Promise<void> {
    return this.#command(`error ${requestKeys[request]} ${errorCode} ${count}`);
  }

  /** Forgets what {@link fail} has asked for and no request has met. */
  failNoMore(request: keyof typeof requestKeys): Promise<void> {
    return this.#command(`no-errors ${requestKeys[request]}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.stdin.end();
    await closed;
  }

  /** One command at a time, since its answer does not say what it answers. */
  #command(line: string): Promise<void> {
    const done = this.#last.then(async () => {
      this.#child.stdin.write(`${line}\n`);
      const { value = 'the cluster has ended' } = await this.#lines.next();
      if (value !== 'NO_ERROR') throw new Error(`the mock cluster refused "${line}": ${value}`);
    });
    this.#last = done.catch(() => undefined);
    return done;
  }
}
