import type { Lane } from '../../ports/store.ts';
import type { ConsumerOptions, KafkaAdmin, KafkaClient, KafkaConsumer, KafkaProducer } from './kafka-client.ts';

/** Several stores share a cluster: the topics and groups of each begin with its prefix. Outside, names have none. */
export function prefixed(client: KafkaClient, prefix: string): KafkaClient {
  if (prefix === '') return client;
  return {
    admin: prefixedAdmin(client.admin, prefix),
    producer: () => prefixedProducer(client.producer(), prefix),
    consumer: async (options) => prefixedConsumer(await client.consumer(inner(options, prefix)), prefix),
    close: () => client.close(),
  };
}

function withPrefix<Named extends Lane>(named: readonly Named[], prefix: string): readonly Named[] {
  return named.map((each) => ({ ...each, topic: `${prefix}${each.topic}` }));
}

function withoutPrefix<Named extends Lane>(named: Named, prefix: string): Named {
  return { ...named, topic: named.topic.slice(prefix.length) };
}

function prefixedProducer(producer: KafkaProducer, prefix: string): KafkaProducer {
  return {
    send: async (pieces) => {
      const receipts = await producer.send(withPrefix(pieces, prefix));
      return receipts.map((receipt) => withoutPrefix(receipt, prefix));
    },
  };
}

function inner(options: ConsumerOptions, prefix: string): ConsumerOptions {
  return {
    ...options,
    group: `${prefix}${options.group}`,
    topics: options.topics.map((topic) => `${prefix}${topic}`),
    onAssigned: (lanes, consumer) => {
      const own = lanes.map((lane) => withoutPrefix(lane, prefix));
      options.onAssigned(own, prefixedConsumer(consumer, prefix));
    },
    onBatch: (lane, batch) => options.onBatch(withoutPrefix(lane, prefix), batch),
  };
}

function prefixedConsumer(consumer: KafkaConsumer, prefix: string): KafkaConsumer {
  return {
    pause: (lanes) => consumer.pause(withPrefix(lanes, prefix)),
    resume: (lanes) => consumer.resume(withPrefix(lanes, prefix)),
    seek: ({ topic, partition }, offset) => consumer.seek({ topic: `${prefix}${topic}`, partition }, offset),
    commit: (offsets) => consumer.commit(withPrefix(offsets, prefix)),
    close: () => consumer.close(),
  };
}

function prefixedAdmin(admin: KafkaAdmin, prefix: string): KafkaAdmin {
  return {
    brokers: () => admin.brokers(),
    createTopic: (topic) => admin.createTopic({ ...topic, name: `${prefix}${topic.name}` }),
    topic: (name) => admin.topic(`${prefix}${name}`),
    ends: (topic) => admin.ends(`${prefix}${topic}`),
    offsetsAt: (topic, timeMs) => admin.offsetsAt(`${prefix}${topic}`, timeMs),
    records: (lane, offset) => admin.records({ ...lane, topic: `${prefix}${lane.topic}` }, offset),
    groupOffsets: (group, topic) => admin.groupOffsets(`${prefix}${group}`, `${prefix}${topic}`),
  };
}
