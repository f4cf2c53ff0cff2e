/** A real Kafka broker for tests and tools: `shared/tools/services.mjs` with types, also from `dist/`. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The lines of a broker's configuration. */
export type BrokerSettings = Readonly<Record<string, string | number | boolean>>;

export interface BrokerOptions {
  /** A free one by default. */
  readonly port?: number;
  /** Its data are kept, and served again at the next start; by default a folder that is removed when the broker stops. */
  readonly dataDir?: string;
  /** It outlives this process. */
  readonly isDetached?: boolean;
  /** By default what makes it start soon; none for one that is measured. */
  readonly jvmOptions?: readonly string[];
  /** What its configuration has beside its own settings, which are given, or instead of them. */
  readonly changes?: (own: BrokerSettings) => BrokerSettings;
  /** The cluster that it joins, by {@link newClusterId}; one of its own by default. */
  readonly clusterId?: string;
  /** Further arguments for the tool that prepares its data. */
  readonly formatOptions?: readonly string[];
  readonly onProgress?: (line: string) => void;
}

/** A broker that clients can work with. One that was started with a `dataDir` can be started again after its end. */
export interface Broker {
  readonly address: string;
  readonly port: number;
  readonly dataDir: string;
  readonly pid: number;
  isAlive(): boolean;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Freezes it: connections stay open, and nothing is answered. */
  pause(): void;
  resume(): void;
}

interface Services {
  /** @throws where it cannot run: no Java, a port that is taken, a broker that serves these data already */
  startBroker(options?: BrokerOptions): Promise<Broker>;
  /** Why no broker can run on this machine, and what to install; null where one can. */
  whyNoKafka(): string | null;
  newClusterId(): string;
}

// The script that starts a broker runs before there is a compiler, so what it is made of has no types of its own.
const here = new URL('../../shared/tools/services.mjs', import.meta.url);
const fromBuild = new URL('../../../shared/tools/services.mjs', import.meta.url);
const services = (await import(existsSync(fileURLToPath(here)) ? here.href : fromBuild.href)) as Services;

export const { startBroker, whyNoKafka, newClusterId } = services;
