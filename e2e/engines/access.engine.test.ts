/** A broker that knows the store and does not allow it something: the start, or its state, says which right is missing. */
import {
  type AclEntry,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs';
import { beforeAll, expect, it } from 'vitest';
import { orderOf, post, request } from '../scenarios/client.ts';
import { afterAllTests, type Env, runStore, TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { newPrefix } from './kafka-examples.ts';
import { PASSWORD, type SecureBroker, startSecureBroker, USER } from './secure-broker.ts';
import { describeOnKafka } from './shared-broker.ts';

const { TOPIC, GROUP, CLUSTER } = AclResourceTypes;
/** A few seconds, of which the start of Node is a part. */
const REFUSED_MS = 10_000;

describeOnKafka('a broker with access lists', () => {
  let broker: SecureBroker;
  const atEnd = afterAllTests();
  beforeAll(async () => {
    broker = await startSecureBroker(temporaryFolder(atEnd));
    atEnd(() => broker.stop());
  });
  function settings(): Env & { readonly KAFKA_TOPIC_PREFIX: string } {
    return {
      DATA_DIR: temporaryFolder(),
      LOG: 'kafka',
      KAFKA_BROKERS: broker.withPassword,
      KAFKA_TOPIC_PREFIX: newPrefix(),
      KAFKA_PARTITIONS: '1',
      KAFKA_SSL: 'true',
      KAFKA_SSL_CA_FILE: broker.authority.caFile,
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: USER,
      KAFKA_SASL_PASSWORD: PASSWORD,
    };
  }

  /** From now on the store may do everything else with this resource. */
  async function deny(operation: AclOperationTypes, resourceType: AclResourceTypes, name: string): Promise<void> {
    const admin = new Kafka({ brokers: [broker.plain], logLevel: logLevel.NOTHING }).admin();
    const about = {
      ...{ resourceType, resourceName: name, resourcePatternType: ResourcePatternTypes.LITERAL },
      ...{ principal: `User:${USER}`, host: '*' },
    };
    const acl: AclEntry[] = [
      { ...about, operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.ALLOW },
      { ...about, operation, permissionType: AclPermissionTypes.DENY },
    ];
    await admin.connect();
    await admin.createAcls({ acl });
    await admin.disconnect();
  }

  async function startedStore(): Promise<{ readonly store: TestStore; readonly prefix: string }> {
    const env = settings();
    return { store: await TestStore.start('one process', env), prefix: env.KAFKA_TOPIC_PREFIX };
  }

  const sentence = (prefix: string, operation: string, what: string, ...names: readonly string[]) => {
    const which = names.length > 1 ? `one of the ${what}s` : `the ${what}`;
    const named = names.map((name) => prefix + name).join(', ');
    return `KAFKA_SASL_USERNAME: the broker does not allow ${USER} the operation ${operation} on ${which} ${named}: `;
  };

  it.each([
    ['topic', 'Describe', AclOperationTypes.DESCRIBE, 'order-events', TOPIC],
    ['topic', 'DescribeConfigs', AclOperationTypes.DESCRIBE_CONFIGS, 'inventory-events', TOPIC],
    ['group', 'Describe', AclOperationTypes.DESCRIBE, 'saga-store.order', GROUP],
  ] as const)('lets a start end that misses the right on a %s to %s', async (what, right, operation, name, type) => {
    const { store, prefix } = await startedStore();
    await store.stopAll();
    await deny(operation, type, `${prefix}${name}`);
    const startMs = performance.now();

    const refused = runStore([], store.env);

    expect((await refused.exit).code).toBe(1);
    expect(performance.now() - startMs).toBeLessThan(REFUSED_MS);
    expect(refused.stderr()).toMatch(new RegExp(`^saga-store: ${sentence(prefix, right, what, name)}[^\\n]+\\n$`));
    expect(refused.stderr()).not.toContain(PASSWORD);
  });

  it.each([
    ['topic', 'Read', AclOperationTypes.READ, ['order-commands', 'inventory-events'], TOPIC],
    ['group', 'Read', AclOperationTypes.READ, ['saga-store.order'], GROUP],
    ['topic', 'Write', AclOperationTypes.WRITE, ['order-events'], TOPIC],
  ] as const)(
    'is named by a store that runs and misses the right on a %s to %s',
    async (what, right, operation, names, type) => {
      const { store, prefix } = await startedStore();
      await store.stopAll();
      await deny(operation, type, `${prefix}${names.at(-1)}`);

      store.launch();
      const isNamed = async () => {
        await post(store.url('/orders'), orderOf('A')).catch(() => null);
        const { text } = await request('GET', store.url('/readyz', 'order'));
        return text.includes(sentence(prefix, right, what, ...names));
      };
      await waitUntil(isNamed, { timeoutMs: 60_000, what: 'the right to be named' });
    },
  );

  it('lets a start end that may make no topics', async () => {
    await deny(AclOperationTypes.CREATE, CLUSTER, 'kafka-cluster');
    const env = settings();
    await deny(AclOperationTypes.CREATE, TOPIC, `${env.KAFKA_TOPIC_PREFIX}order-events`);

    const refused = runStore([], env);

    expect((await refused.exit).code).toBe(1);
    expect(refused.stderr()).toContain(sentence(env.KAFKA_TOPIC_PREFIX, 'Describe or Create', 'topic', 'order-events'));
  });
});
