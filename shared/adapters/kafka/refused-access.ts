import { ConfigError } from '../../core/errors.ts';
import type { KafkaAdmin, KafkaClient, KafkaProducer } from './kafka-client.ts';
import { typesOf } from './kafka-errors.ts';

/** What the broker calls each kind of resource when it refuses an operation on one. */
const REFUSED = {
  TOPIC_AUTHORIZATION_FAILED: 'topic',
  GROUP_AUTHORIZATION_FAILED: 'group',
  CLUSTER_AUTHORIZATION_FAILED: 'cluster',
} as const;

/** The operations that a request wants to be allowed, as access lists name them, and the names of what they are on. */
interface Wanted {
  readonly topic?: Right;
  readonly group?: Right;
  readonly cluster?: Right;
}
type Right = readonly [operation: string, names: readonly string[]];

/** Who this store is to the broker. */
interface Identity {
  readonly ssl?: boolean | { readonly cert?: unknown };
  readonly sasl?: { readonly username: string };
}

/**
 * The client, whose refused requests fail with a {@link ConfigError}: it names the right that is missing, and the setting that says
 * who asks. Names are those at the cluster.
 */
export function namingRefusals(client: KafkaClient, identity: Identity): KafkaClient {
  const asking = <Result>(wanted: Wanted, request: Promise<Result>): Promise<Result> =>
    request.catch((error: unknown) => {
      throw refusalIn(error, wanted, identity) ?? error;
    });
  return {
    admin: askingAdmin(client.admin, asking),
    producer: () => askingProducer(client.producer(), asking),
    consumer: (options) => {
      const wanted: Wanted = { group: ['Read', [options.group]], topic: ['Read', options.topics] };
      const onCrash = (error: Error) => options.onCrash(refusalIn(error, wanted, identity) ?? error);
      return asking(wanted, client.consumer({ ...options, onCrash }));
    },
    close: () => client.close(),
  };
}

type Asking = <Result>(wanted: Wanted, request: Promise<Result>) => Promise<Result>;

function askingProducer(producer: KafkaProducer, asking: Asking): KafkaProducer {
  return {
    send: (pieces) =>
      asking({ topic: ['Write', [...new Set(pieces.map(({ topic }) => topic))]] }, producer.send(pieces)),
  };
}

function askingAdmin(admin: KafkaAdmin, asking: Asking): KafkaAdmin {
  return {
    brokers: () => asking({ cluster: ['Describe', []] }, admin.brokers()),
    // A topic that may not be described is not listed, and taken for one that is missing.
    createTopic: (topic) =>
      asking({ topic: ['Describe or Create', [topic.name]], cluster: ['Create', []] }, admin.createTopic(topic)),
    topic: (name) => asking({ topic: ['DescribeConfigs', [name]] }, admin.topic(name)),
    ends: (topic) => asking({ topic: ['Describe', [topic]] }, admin.ends(topic)),
    offsetsAt: (topic, timeMs) => asking({ topic: ['Describe', [topic]] }, admin.offsetsAt(topic, timeMs)),
    records: (lane, offset) => asking({ topic: ['Read', [lane.topic]] }, admin.records(lane, offset)),
    groupOffsets: (group, topic) =>
      asking({ group: ['Describe', [group]], topic: ['Describe', [topic]] }, admin.groupOffsets(group, topic)),
  };
}

function refusalIn(error: unknown, wanted: Wanted, identity: Identity): ConfigError | null {
  for (const type of typesOf(error)) {
    if (!isRefusal(type)) continue;
    const kind = REFUSED[type];
    const [operation = 'an operation', names = []] = wanted[kind] ?? [];
    // The broker does not say which of several topics it refused.
    const which = names.length > 1 ? `one of the ${kind}s` : `the ${kind}`;
    const resource = kind === 'cluster' ? 'the cluster' : `${which} ${names.join(', ')}`;
    const { setting, who } = askerOf(identity);
    return new ConfigError(
      setting,
      `the broker does not allow ${who} the operation ${operation} on ${resource}: add that to its access lists (kafka-acls), or set another ` +
        'user; docs/kafka.md lists the rights that the store needs',
    );
  }
  return null;
}

function isRefusal(type: string): type is keyof typeof REFUSED {
  return type in REFUSED;
}

function askerOf({ ssl, sasl }: Identity): { readonly setting: string; readonly who: string } {
  if (sasl !== undefined) return { setting: 'KAFKA_SASL_USERNAME', who: sasl.username };
  if (typeof ssl === 'object' && ssl.cert !== undefined) {
    return { setting: 'KAFKA_SSL_CERT_FILE', who: 'who shows the certificate in this file' };
  }
  return { setting: 'KAFKA_SASL_MECHANISM', who: 'who brings no password (User:ANONYMOUS)' };
}
