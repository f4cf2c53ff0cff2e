/** Several real brokers that form one cluster on this machine. */
import { freePorts } from '../tools/free-ports.ts';
import { type Broker, newClusterId, startBroker } from './broker.ts';

const COPIES = [
  'offsets.topic.replication.factor',
  'transaction.state.log.replication.factor',
  'share.coordinator.state.topic.replication.factor',
] as const;

/** A cluster whose brokers can be killed and started again one by one. */
export interface Cluster {
  /** Their addresses, for clients. */
  readonly brokers: readonly string[];
  /** Ends a broker as a crash does. */
  kill(index: number): Promise<void>;
  /** Starts it again on its data. */
  restart(index: number): Promise<void>;
  stop(): Promise<void>;
}

/** @param folders where each broker has its data: as many brokers as folders */
export async function startCluster(folders: readonly string[]): Promise<Cluster> {
  const clusterId = newClusterId();
  const ports = await freePorts(folders.length * 2);
  const [clientPorts, controllerPorts] = [ports.slice(0, folders.length), ports.slice(folders.length)];
  const voters = controllerPorts.map((port, index) => `${index + 1}@127.0.0.1:${port}`).join(',');
  const start = (index: number): Promise<Broker> =>
    startBroker({
      clusterId,
      port: clientPorts[index] ?? 0,
      dataDir: folders[index] ?? '',
      jvmOptions: ['-XX:TieredStopAtLevel=1', '-Xmx256m'],
      changes: ({ listeners, 'controller.quorum.voters': own }) => ({
        'node.id': index + 1,
        'controller.quorum.voters': voters,
        listeners: String(listeners).replace(String(own).slice(2), `127.0.0.1:${controllerPorts[index]}`),
        'min.insync.replicas': 2,
        ...Object.fromEntries(COPIES.map((name) => [name, folders.length])),
      }),
    });
  // None is ready before most of them are.
  const starts = await Promise.allSettled(folders.map((_, index) => start(index)));
  const running = starts.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = starts.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(running.map((broker) => broker.kill()));
    throw failed.reason;
  }
  const at = (index: number): Broker => running[index] as Broker;
  return {
    brokers: running.map(({ address }) => address),
    kill: (index) => at(index).kill(),
    restart: async (index) => {
      running[index] = await start(index);
    },
    stop: async () => {
      await Promise.all(running.map((broker) => broker.kill()));
    },
  };
}
