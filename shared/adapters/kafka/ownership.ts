import pRetry from 'p-retry';
import { ConfigError } from '../../core/errors.ts';
import type { LogClaim } from '../../ports/log-claims.ts';
import type { KafkaAdmin } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';

/** A broker that has just started makes the topic of the groups when it is first asked for one. */
const RETRY = { retries: 20, minTimeout: 100, factor: 1.5, maxTimeout: 1_000, maxRetryTime: 10_000 };

type Asked = Pick<KafkaAdmin, 'groupOffsets' | 'ends'>;

/** The names at the cluster. */
interface Names {
  readonly prefix: string;
  readonly groupId: string;
}

/**
 * Looks whether topics and group are those of the function's data, or of none.
 *
 * A group notes with its positions whose data it reads for. These notes go with the topics, and the broker forgets them a week after
 * the group's last member has left; then messages that new data cannot have published say the same of their topic.
 *
 * @throws {ConfigError} when they are those of another store, or the broker does not say
 * @throws {AppError} `unavailable`
 */
export async function assertOwn(admin: Asked, names: Names, claim: LogClaim): Promise<void> {
  const { prefix, groupId } = names;
  const shouldRetry = ({ error }: { readonly error: Error }) => !(error instanceof ConfigError);
  const asked = pRetry(() => whatIsThere(admin, groupId, claim), { ...RETRY, shouldRetry });
  const found = await asked.catch((error: unknown) => {
    if (error instanceof ConfigError) throw error;
    throw kafkaError(error, `whether the topics are those of ${claim.reader} is not known`);
  });
  if (found.notes.some((note) => note !== claim.owner)) {
    throw new ConfigError(
      'KAFKA_TOPIC_PREFIX',
      `the group ${prefix}${groupId} reads for the data of another store: ${ADVICE}`,
    );
  }
  if (found.notes.length > 0 || !claim.isNew || !found.hasMessages) return;
  const sentence = `the topic ${prefix}${claim.publishes} has messages, and the data of ${claim.reader} are new`;
  throw new ConfigError('KAFKA_TOPIC_PREFIX', `${sentence}: ${ADVICE}`);
}

const ADVICE =
  'set it to one that no other store has; or restore the data that belong to these topics; or, to begin anew, delete the ' +
  'topics, and all data of the store';

async function whatIsThere(admin: Asked, groupId: string, { consumes, publishes }: LogClaim) {
  const noted = await Promise.all(consumes.map((topic) => admin.groupOffsets(groupId, topic)));
  const ends = publishes === null ? [] : await admin.ends(publishes);
  return {
    notes: noted.flat().flatMap(({ note }) => (note === '' ? [] : [note])),
    hasMessages: ends.some(({ low, high }) => high > low),
  };
}
