import { newCluster } from './kafkajs-cluster.ts';

/** What is asked of kafkajs's admin. */
interface Groups {
  describeGroups(ids: string[]): Promise<{
    readonly groups: readonly { readonly members: readonly { readonly memberId: string }[] }[];
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
