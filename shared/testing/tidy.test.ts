import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { circlesOf, FILE_LINES_MAX, FUNCTION_LINES_MAX, violationsOf } from './tidy.ts';
import { readSource, type Source } from './tidy-source.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folders = ['saga', 'shared', 'functions', 'seed', 'e2e'];

function sourcesOf(folder: string): readonly Source[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.(?:tsx?|mts|cts|js|mjs|cjs)$/.test(name))
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .map((path) => readSource(path, readFileSync(join(root, path), 'utf8')));
}

function found(path: string, text: string): readonly string[] {
  return violationsOf([readSource(path, text)]).map(({ rule, detail }) => `${rule}: ${detail}`);
}

const lines = (count: number, text = 'call();') => `${text}\n`.repeat(count);

describe('the sources', () => {
  const sources = folders.flatMap(sourcesOf);

  it('are all looked at', () => {
    const paths = sources.map(({ path }) => path);

    expect(paths).toEqual(
      expect.arrayContaining(['functions/order/decide.ts', 'shared/runtime/handle/handle-batch.ts']),
    );
    expect(paths.length).toBeGreaterThan(80);
  });

  it('keep to the import table, to purity, to their limits and to their names', () => {
    const all = violationsOf(sources).map(({ path, line, rule, detail }) => `${path}:${line} ${rule}: ${detail}`);

    expect(all).toEqual([]);
  });

  it.each([
    ['files', (path: string) => path],
    ['rooms of the runtime', (path: string) => (/^shared\/runtime\/[^/]+/.exec(path) ?? ['everything else'])[0]],
    ['functions', (path: string) => (/^functions\/[^/]+\//.exec(path) ?? ['everything else'])[0]],
  ])('import one another without a circle of %s', (_, nameOf) => {
    const ofRooms = nameOf('seed/catalogue.ts') === 'everything else';
    const looked = ofRooms ? sources.filter(({ path }) => nameOf(path) !== 'everything else') : sources;

    expect(circlesOf(looked, nameOf)).toEqual([]);
  });
});

describe('a circle of imports', () => {
  it.each([
    ['of two files', ['b', 'a'], ['saga/a.ts → saga/b.ts → saga/a.ts']],
    ['of types alone', ['type b', 'type a'], ['saga/a.ts → saga/b.ts → saga/a.ts']],
    ['that is none', ['b', 'c'], []],
  ])('is found: %s', (_, [first, second], circles) => {
    const text = (name = '') => `import ${name.replace(/\w$/, '{ x }')} from './${name.at(-1)}.ts';`;
    const sources = [readSource('saga/a.ts', text(first)), readSource('saga/b.ts', text(second))];

    expect(circlesOf(sources, (path) => path)).toEqual(circles);
  });
});

describe('the import table', () => {
  it.each([
    ['shared/core/a.ts', '../ports/store.ts', 'core may not import shared/ports/store.ts'],
    ['shared/core/a.ts', '../../saga/messages.ts', 'core may not import saga/messages.ts'],
    ['saga/a.ts', '../functions/order/state.ts', 'saga may not import functions/order/state.ts'],
    ['saga/a.ts', '../shared/runtime/function.ts', 'saga may not import shared/runtime/function.ts'],
    ['saga/a.ts', 'node:fs', 'saga is pure and may not import node:fs'],
    ['functions/order/decide.ts', './tables.ts', 'rules may not import functions/order/tables.ts'],
    ['functions/order/state.ts', '../inventory/state.ts', 'rules may not import functions/inventory/state.ts'],
    ['functions/order/decide.ts', 'pino', 'rules is pure and may not import pino'],
    ['functions/order/http.ts', '../inventory/state.ts', 'function may not import functions/inventory/state.ts'],
    ['functions/order/http.ts', '../main.ts', 'function may not import functions/main.ts'],
    [
      'functions/order/http.ts',
      '../../shared/adapters/system-clock.ts',
      'function may not import shared/adapters/system-clock.ts',
    ],
    ['functions/order/http.ts', '../../shared/testing/probe.ts', 'function may not import shared/testing/probe.ts'],
    ['shared/ports/store.ts', '../runtime/function.ts', 'ports may not import shared/runtime/function.ts'],
    ['shared/runtime/a.ts', '../../saga/choreography.ts', 'runtime may not import saga/choreography.ts'],
    ['shared/runtime/a.ts', '../adapters/system-clock.ts', 'runtime may not import shared/adapters/system-clock.ts'],
    ['shared/runtime/a.ts', '../../functions/order/function.ts', 'runtime may not import functions/order/function.ts'],
    ['shared/runtime/a.ts', '../../saga/messages.ts', 'runtime may not import saga/messages.ts'],
    ['shared/runtime/a.test.ts', '../../functions/settings.ts', 'runtimeTest may not import functions/settings.ts'],
    ['shared/core/a.test.ts', '../../saga/messages.ts', 'runtimeTest may not import saga/messages.ts'],
    [
      'functions/registry.ts',
      '../shared/adapters/system-clock.ts',
      'host may not import shared/adapters/system-clock.ts',
    ],
    ['functions/order/view.tsx', '../inventory/state.ts', 'function may not import functions/inventory/state.ts'],
    ['seed/a.ts', '../functions/order/function.ts', 'seed may not import functions/order/function.ts'],
    [
      'shared/adapters/embedded/log/a.ts',
      '../../kafka/kafka-client.ts',
      'adapter may not import shared/adapters/kafka/kafka-client.ts',
    ],
    ['shared/adapters/kafka/topics.ts', 'kafkajs', 'only shared/adapters/kafka/kafkajs-client.ts may import kafkajs'],
    [
      'functions/engine.ts',
      'kafkajs/src/errors.js',
      'only shared/adapters/kafka/kafkajs-client.ts may import kafkajs/src/errors.js',
    ],
    ['e2e/bench/parts.ts', 'kafkajs', 'only shared/adapters/kafka/kafkajs-client.ts may import kafkajs'],
    ['shared/adapters/system-clock.ts', '../runtime/function.ts', 'adapter may not import shared/runtime/function.ts'],
    ['shared/adapters/system-clock.ts', '../../saga/messages.ts', 'adapter may not import saga/messages.ts'],
  ])('goes red when %s imports %s', (path, specifier, problem) => {
    const statements = [
      `import { a } from '${specifier}';`,
      `import type { A } from '${specifier}';`,
      `export * from '${specifier}';`,
      `import {\n  a,\n} from '${specifier}';`,
    ];

    expect(statements.map((statement) => found(path, statement))).toEqual(
      statements.map(() => [`imports: ${problem}`]),
    );
  });

  it.each([
    ['functions/order/http.ts', './decide.ts'],
    ['functions/order/migrations/sqlite.ts', '../tables.ts'],
    ['functions/order/decide.ts', './state.ts'],
    ['functions/registry.ts', './order/index.ts'],
    ['functions/order/index.ts', '../../seed/catalogue.ts'],
    ['functions/engine.ts', '../shared/adapters/system-clock.ts'],
    ['functions/engine-kafka.ts', '../shared/adapters/kafka/kafka-log.ts'],
    ['shared/adapters/embedded/store/a.ts', './database.ts'],
    ['shared/adapters/embedded/log/a.ts', '../outbox-schema.ts'],
    ['shared/adapters/kafka/kafkajs-client.ts', 'kafkajs'],
    ['shared/adapters/kafka/kafkajs-client.test.ts', 'kafkajs'],
    ['e2e/bench/reference-kafka.ts', 'kafkajs'],
    ['e2e/engines/freeze.ts', 'kafkajs'],
    ['shared/adapters/embedded/store/a.test.ts', '../../kafka/kafka-client.ts'],
    ['saga/a.ts', 'zod'],
    ['e2e/prove/main.ts', '../../functions/order/state.ts'],
  ])('lets %s import %s', (path, specifier) => {
    expect(found(path, `import { a } from '${specifier}';`)).toEqual([]);
  });

  it('goes red on a folder that is not in the design', () => {
    expect(found('shared/helpers/a.ts', '')).toEqual(['place: this folder is not in the design']);
  });
});

describe('purity', () => {
  it.each([
    'Date.now()',
    'new Date()',
    'new Date',
    'Date()',
    'performance.now()',
    'Math.random()',
    'crypto.randomUUID()',
    'process.env',
    "process['env']",
    'globalThis.x',
    'console.log(1)',
    'fetch(url)',
    'setTimeout(f, 1)',
    'queueMicrotask(f)',
    `\`\${Date.now()}\``,
    "await import('node:fs')",
    'async () => 1',
    'await x',
  ])('goes red on %s', (code) => {
    const paths = ['saga/a.ts', 'shared/core/a.ts', 'functions/order/decide.ts', 'functions/order/state.ts'];

    for (const path of paths) expect(found(path, `const x = ${code};`).join()).toContain('purity: ');
    expect(found('functions/order/http.ts', `const x = ${code};`)).toEqual([]);
  });

  it('goes red on an id that is drawn', () => {
    expect(found('saga/a.ts', "import { v7 as uuidv7 } from 'uuid';")).toEqual([
      expect.stringContaining('purity: draws an id'),
    ]);
  });

  it.each([
    'Date.parse(text)',
    'new Date(ms)',
    "'Date.now()'",
    '/* Date.now() */ 1',
    `\`at \${time} process.env\``,
    '/await x/.test(text)',
    'isDate(x)',
    'update(x)',
  ])('lets %s be', (code) => {
    expect(found('saga/a.ts', `const x = ${code}; // await it`)).toEqual([]);
  });
});

describe('a transaction', () => {
  const mine = 'shared/adapters/embedded/store/a.ts';
  const promise = 'a transaction waits for nothing';
  const late = 'a transaction is called with .immediate()';

  it.each([
    ["db.exec('BEGIN');", 'a transaction begins with BEGIN IMMEDIATE'],
    ['db.prepare("BEGIN DEFERRED");', 'a transaction begins with BEGIN IMMEDIATE'],
    ['db.transaction(() => work())();', late],
    ['const run = db.transaction(() => work());', late],
    ['db.transaction(() => work()).deferred();', late],
    ['db.transaction(async () => { await work(); }).immediate();', promise],
    ['db.transaction(() => work().then(done)).immediate();', promise],
    ['store.transact({}, async () => commit);', promise],
  ])('goes red on %s', (code, problem) => {
    expect(found(mine, code)).toEqual([`transaction: ${problem}`]);
  });

  it.each([
    "db.prepare('BEGIN IMMEDIATE');",
    "db.exec('BEGIN EXCLUSIVE');",
    'db.transaction(() => work(a(b))).immediate();',
    'await store.transact({ needs }, (loaded) => work(loaded));',
  ])('may be %s', (code) => {
    expect(found(mine, code)).toEqual([]);
  });
});

describe('the limits', () => {
  it('go red on a file that is too long, and only then', () => {
    expect([FILE_LINES_MAX, FILE_LINES_MAX + 1].map((count) => found('saga/a.ts', lines(count)))).toEqual([
      [],
      [`file length: ${FILE_LINES_MAX + 1} lines; ${FILE_LINES_MAX} are allowed`],
    ]);
  });

  it.each([
    'function f() {',
    'export async function f(): Promise<void> {',
    'function f({ a }: { a: string }): { b: string } {',
    'const f = (a: number) => {',
    'class A { f(a: number): readonly string[] {',
  ])('go red on a function that is too long, and only then: %s', (head) => {
    const file = (count: number) => `${head}\n${lines(count)}}${head.startsWith('class') ? '}' : ''}\n`;
    const long = FUNCTION_LINES_MAX - 2;

    expect([long, long + 1].map((count) => found('shared/runtime/a.ts', file(count)))).toEqual([
      [],
      [`function length: ${FUNCTION_LINES_MAX + 1} lines; ${FUNCTION_LINES_MAX} are allowed`],
    ]);
  });

  it('count no braces in strings, comments and expressions', () => {
    const body = lines(30, `if (/[{'"]/.test(x)) call('{', \`{\${'}'}\`); // {`);

    expect(found('shared/runtime/a.ts', `function f() {\n${body}}\nfunction g() {\n${body}}\n`)).toEqual([]);
  });

  it('let a list of tests be as long as it is', () => {
    expect(found('saga/a.test.ts', `describe('x', () => {\n${lines(90, "it('y', () => 1);")}});\n`)).toEqual([]);
  });
});

describe('the habits', () => {
  it.each([
    ['shared/core/someFile.ts', '', 'file name: someFile.ts'],
    ['shared/core/Some.ts', '', 'file name: Some.ts'],
    ['saga/a.test.ts', "it.only('x', f);", 'whole suite: it.only'],
    ['saga/a.test.ts', "describe.skip('x', f);", 'whole suite: describe.skip'],
    ['saga/a.test.ts', "it.todo('x');", 'whole suite: it.todo'],
    ['saga/a.ts', '// TODO later', 'nothing unfinished: TODO'],
    ['saga/a.ts', '/* FIXME */', 'nothing unfinished: FIXME'],
    ['saga/a.ts', '// biome-ignore lint: because', 'no waivers: biome-ignore'],
    ['saga/a.ts', '// @ts-expect-error', 'no waivers: @ts-expect-error'],
    ['saga/a.ts', 'export default 1;', 'named exports: export default'],
    ['saga/a.ts', 'export { a as default };', 'named exports: as default'],
  ])('go red on %s with %s', (path, text, problem) => {
    expect(found(path, text)).toEqual([problem]);
  });
});
