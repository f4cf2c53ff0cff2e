/** Order and inventory with any number of instances each, on one database each, for tests. A seed decides all that happens. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackorderFiller } from '../../functions/inventory/backorder-filler.ts';
import { inventory } from '../../functions/inventory/function.ts';
import { order } from '../../functions/order/function.ts';
import { EmbeddedLog } from '../../shared/adapters/embedded/log/embedded-log.ts';
import { AppError, TransientError } from '../../shared/core/errors.ts';
import { shortHash } from '../../shared/core/hash.ts';
import type { Message } from '../../shared/core/message.ts';
import type { MessageLog } from '../../shared/ports/message-log.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { FunctionWorker } from '../../shared/runtime/worker/function-worker.ts';
import { HeldLease, type Role, soleRole } from '../../shared/runtime/worker/held-lease.ts';
import { FunctionMetrics } from '../../shared/runtime/worker/worker-metrics.ts';
import { testPolicy } from '../../shared/testing/batches.ts';
import { passing } from '../../shared/testing/clock.ts';
import { FakeLeases } from '../../shared/testing/fake-leases.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { type Seams, SharedFileStore } from '../../shared/testing/shared-file-store.ts';
import { endStateOf } from './end-state.ts';

const START_MS = Date.parse('2026-03-01T10:00:05.000Z');
const ROUND_MS = 1_000;
/** More than a lease lasts, so that whoever waits for one has had it. */
const QUIET_ROUNDS = 13;
const ROUNDS_MAX = 300;
const COMMANDS = 'order-commands';
const POLL_MS = 2;

type Name = 'order' | 'inventory';
const functions: Readonly<Record<Name, StoreFunction>> = {
  order: order as unknown as StoreFunction,
  inventory: inventory as unknown as StoreFunction,
};

/** What is wrong in a world, by what a message is about. */
export interface Troubles {
  /** Each instance believes that it is the keeper. */
  readonly allKeep?: boolean;
  /** Messages that fail so often before they pass, by type and subject. */
  readonly transient: ReadonlyMap<string, number>;
  /** Messages that always fail. */
  readonly bugs: ReadonlySet<string>;
}

export function troubleName({ type, subject }: Pick<Message, 'type' | 'subject'>): string {
  return `${type} ${subject}`;
}

/** Chance that is the same for the same seed. */
export class Chance {
  readonly #seed: string;
  #drawn = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** At least 0 and below `bound`. */
  below(bound: number): number {
    this.#drawn += 1;
    return Number.parseInt(shortHash(`${this.#seed} ${this.#drawn}`).slice(0, 8), 16) % bound;
  }

  isOneIn(n: number): boolean {
    return this.below(n) === 0;
  }
}

/** One instance of a function, from a start to its end. */
interface Instance {
  readonly store: SharedFileStore;
  readonly worker: FunctionWorker;
  readonly keeper: Role;
  /** Gives the role up. */
  readonly release: () => Promise<void>;
  readonly filler: BackorderFiller | null;
}

export class World {
  nowMs = START_MS;
  /** Whether transactions fail now and then. */
  isFailing = true;
  readonly chance: Chance;
  readonly #folder = mkdtempSync(join(tmpdir(), 'saga-instances-'));
  readonly #log: EmbeddedLog;
  readonly #leases = { order: new FakeLeases(), inventory: new FakeLeases() };
  readonly #instances: Record<Name, Instance[]> = { order: [], inventory: [] };
  readonly #troubles: Troubles;
  readonly #failed = new Map<string, number>();
  #lives = 0;

  private constructor(seed: string, troubles: Troubles) {
    this.chance = new Chance(seed);
    this.#troubles = troubles;
    // Where the answer to a commit is lost, no reader is notified of it. So readers poll the files.
    const topic = (name: Name) => ({ file: this.#file(name), writtenHere: false, isPublic: false });
    const commands = { file: join(this.#folder, 'commands.db'), writtenHere: false, isPublic: true };
    this.#log = new EmbeddedLog({
      topics: { 'order-events': topic('order'), 'inventory-events': topic('inventory'), [COMMANDS]: commands },
      pollMs: POLL_MS,
    });
  }

  static async open(seed: string, instances: number, troubles: Troubles): Promise<World> {
    const world = new World(seed, troubles);
    for (let n = 0; n < instances; n++) {
      world.#instances.order.push(await world.#start('order'));
      world.#instances.inventory.push(await world.#start('inventory'));
    }
    return world;
  }

  async close(): Promise<void> {
    for (const { worker, store } of Object.values(this.#instances).flat()) {
      await worker.stop();
      await store.close();
    }
    await this.#log.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** Puts commands into the public topic. */
  append(...messages: readonly Message[]): Promise<void> {
    return this.#log.append(COMMANDS, messages);
  }

  /** Sends a command to one instance; sent again under its id, to any, until it is answered. */
  async send(name: Name, message: Message): Promise<void> {
    for (let tries = 0; tries < ROUNDS_MAX; tries++) {
      const { worker } = this.#any(name);
      const answer = worker.submit(message, { deduplicate: true });
      const isAnswered = answer.then(
        () => true,
        () => false,
      );
      await this.round();
      if (await isAnswered) return;
    }
    throw new Error(`${message.type} of ${message.subject} is never answered`);
  }

  /** Replaces one instance: by an orderly end, or as if it had been killed, so that its lease runs on. */
  async restart(name: Name, isKilled: boolean): Promise<void> {
    const instances = this.#instances[name];
    const at = this.chance.below(instances.length);
    const old = instances[at] as Instance;
    await old.worker.stop();
    if (!isKilled) await old.release();
    await old.store.close();
    instances[at] = await this.#start(name);
  }

  /** All instances work at once, and a second passes. Returns whether any had something to do. */
  async round(): Promise<boolean> {
    this.nowMs += ROUND_MS;
    for (const leases of Object.values(this.#leases)) leases.nowMs += ROUND_MS;
    const all = Object.values(this.#instances).flat();
    let filling = 0;
    let worked = false;
    const note = (did: boolean) => {
      worked ||= did;
    };
    for (const { filler, keeper } of all) {
      if (filler === null || !keeper.isHeld) continue;
      filling += 1;
      const ended = () => {
        filling -= 1;
      };
      filler.step().then(note, unlessUnavailable).then(ended);
    }
    do await Promise.all(all.map(({ worker }) => worker.step().then(note, unlessUnavailable)));
    while (filling > 0);
    return worked;
  }

  async settle(): Promise<void> {
    let quiet = 0;
    for (let rounds = 0; quiet < QUIET_ROUNDS; rounds++) {
      if (rounds === ROUNDS_MAX) throw new Error('the world does not come to rest');
      quiet = (await this.round()) ? 0 : quiet + 1;
      if (quiet > 0) await sleep(2 * POLL_MS);
    }
  }

  end() {
    return endStateOf(this.#any('order').store, this.#any('inventory').store);
  }

  #any(name: Name): Instance {
    const instances = this.#instances[name];
    return instances[this.chance.below(instances.length)] as Instance;
  }

  #file(name: Name): string {
    return join(this.#folder, `${name}.db`);
  }

  async #start(name: Name): Promise<Instance> {
    this.#lives += 1;
    const store = new SharedFileStore(functions[name], this.#file(name), this.#seams());
    const clock = passing(() => this.nowMs);
    const leases = this.#leases[name];
    const upMs = () => leases.nowMs;
    const lease = new HeldLease(leases.of(`instance ${this.#lives}`), 'keeper', { upMs });
    const keeper = this.#troubles.allKeep === true ? soleRole : lease;
    const { logger } = logLines();
    const worker: FunctionWorker = new FunctionWorker({
      fn: this.#troubled(functions[name]),
      store,
      log: withoutEpochs(this.#log),
      clock,
      logger,
      metrics: new FunctionMetrics(name, store, () => worker.waiting()),
      policy: testPolicy,
      parkedMax: 1_000,
      parkedPerKeyMax: 100,
      keeper,
    });
    const wasFailing = this.isFailing;
    this.isFailing = false;
    await worker.open();
    this.isFailing = wasFailing;
    const release = () => lease.release();
    return { store, worker, keeper, release, filler: name === 'inventory' ? new BackorderFiller(worker) : null };
  }

  #seams(): Seams {
    const gone = () => new AppError('unavailable', 'the database is gone for a moment', { retryAfterS: 1 });
    return {
      before: async (call) => {
        for (let turns = this.chance.below(8); turns > 0; turns--) await Promise.resolve();
        if (this.isFailing && call === 'transact' && this.chance.isOneIn(12)) throw gone();
      },
      after: () => {
        if (this.isFailing && this.chance.isOneIn(24)) throw gone();
      },
    };
  }

  /** Its rules fail on some messages. What an instance has tried counts for all of them. */
  #troubled(fn: StoreFunction): StoreFunction {
    const decide: StoreFunction['rules']['decide'] = (state, message) => {
      const name = troubleName(message);
      if (this.#troubles.bugs.has(name)) throw new TypeError('this is a bug');
      const failed = this.#failed.get(name) ?? 0;
      if (failed < (this.#troubles.transient.get(name) ?? 0)) {
        this.#failed.set(name, failed + 1);
        throw new TransientError('not now');
      }
      return fn.rules.decide(state, message);
    };
    return { ...fn, rules: { decide, evolve: (state, event) => fn.rules.evolve(state, event) } };
  }
}

/**
 * The same log without the epochs of its writers, which begin with each start of an instance: the position of a reader of
 * several instances says only in its own epoch what is dealt with.
 */
function withoutEpochs(log: MessageLog): MessageLog {
  const subscribe: MessageLog['subscribe'] = async (options) => {
    const subscription = await log.subscribe(options);
    return {
      poll: async (max, paused) => (await subscription.poll(max, paused)).map(({ epoch: _, ...record }) => record),
      acknowledge: (positions) => subscription.acknowledge(positions),
      ends: () => subscription.ends(),
      unavailableReason: () => subscription.unavailableReason(),
      close: () => subscription.close(),
    };
  };
  return {
    features: { ...log.features, severalInstances: true },
    subscribe,
    progress: (topic) => log.progress(topic),
    browse: (topic, browse) => log.browse(topic, browse),
    announce: (topic) => log.announce(topic),
    append: (topic, messages) => log.append(topic, messages),
    prune: (topic, options) => log.prune(topic, options),
    close: () => log.close(),
  };
}

function unlessUnavailable(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
}
