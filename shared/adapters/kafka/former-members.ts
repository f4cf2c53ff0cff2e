/** What is asked of kafkajs's admin. */
interface Groups {
  describeGroups(ids: string[]): Promise<{
    readonly groups: readonly { readonly members: readonly { readonly memberId: string }[] }[];
  }>;
}

/** What there is of kafkajs's connections, beside what it publishes. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(group: { readonly groupId: string }): Promise<{
    leaveGroup(member: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
  }>;
}

/**
 * Lets the members of a group leave it. A member that was killed keeps its lanes until its session is over, seconds later, and
 * every new member waits for that. To be called only by who knows that none of them lives: the library cannot say who they are
 * in its own words, so what it uses for itself is used.
 */
export async function dismissFormerMembers(kafka: object, admin: Groups, groupId: string): Promise<void> {
  const { groups } = await admin.describeGroups([groupId]);
  const members = groups.flatMap((group) => group.members);
  if (members.length === 0) return;
  const cluster = newCluster(kafka);
  await cluster.connect();
  try {
    const coordinator = await cluster.findGroupCoordinator({ groupId });
    // One that has left meanwhile is unknown.
    await Promise.all(
      members.map(({ memberId }) => coordinator.leaveGroup({ groupId, memberId }).catch(() => undefined)),
    );
  } finally {
    await cluster.disconnect();
  }
}

/** @throws where another release of the library is built in another way */
function newCluster(kafka: object): Cluster {
  const key = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith('createCluster'));
  const create = key === undefined ? undefined : (kafka as Readonly<Record<symbol, unknown>>)[key];
  if (typeof create !== 'function') throw new Error('kafkajs has no connections of its own to use');
  return create({ allowAutoTopicCreation: false }) as Cluster;
}
