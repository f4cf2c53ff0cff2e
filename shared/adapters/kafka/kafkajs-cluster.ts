/** What there is of kafkajs's connection to a cluster, which it uses for itself and does not publish. */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, unknown>>;
  findBroker(node: { readonly nodeId: string }): Promise<{
    fetch(request: object): Promise<{
      readonly responses: readonly { readonly partitions: readonly { readonly partition: number }[] }[];
    }>;
  }>;
  findGroupCoordinator(group: { readonly groupId: string }): Promise<{
    leaveGroup(member: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
  }>;
}

/** @throws where another release of the library is built in another way */
export function newCluster(kafka: object, options: object = {}): Cluster {
  // The library keeps the function that makes one under a symbol.
  const key = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith('createCluster'));
  const create = key === undefined ? undefined : (kafka as Readonly<Record<symbol, unknown>>)[key];
  if (typeof create !== 'function') throw new Error('this release of kafkajs has no connections of its own to use');
  return create({ allowAutoTopicCreation: false, ...options }) as Cluster;
}
