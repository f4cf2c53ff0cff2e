/** The documentation works offline and describes every route of the API, and real answers match it. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Answer, get, post, postSample, put, request } from './client.ts';
import { afterAllTests, TestStore } from './harness.ts';

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}
interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const wait = { headers: { prefer: 'wait=20' } };
let store: TestStore;
let document: Document;
let ajv: Ajv2020;

const atEnd = afterAllTests();
beforeAll(async () => {
  store = await TestStore.create('one process', {}, atEnd);
  await store.start();
  await postSample(store.url('/orders'), 1, wait);
  await store.settle();
  document = await get<Document>(store.url('/openapi.json'));
  ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'api', components: document.components });
});

function operations(): readonly (readonly [name: string, operation: Operation])[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );
}

/** The differences between an answer and the schema of its operation; null when there are none. */
function faultsIn(name: string, { status, headers, text }: Answer): unknown {
  const [, operation] = operations().find(([each]) => each === name) ?? [];
  const type = headers['content-type']?.split(';')[0] ?? '';
  const schema = operation?.responses[status]?.content?.[type]?.schema;
  if (schema === undefined) return `${name} does not say how ${status} ${type} looks`;
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')));
  return validate(JSON.parse(text)) ? null : validate.errors;
}

describe('the documentation', () => {
  it('is OpenAPI 3.1 and contains only valid schemas', () => {
    const { openapi, info } = document;
    const schemas = Object.keys(document.components.schemas);

    expect([openapi, info.title]).toEqual(['3.1.0', 'saga-store']);
    for (const name of schemas) expect(typeof ajv.getSchema(`api#/components/schemas/${name}`)).toBe('function');
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.map(([, name]) => name).filter((name = '') => !schemas.includes(name))).toEqual([]);
  });

  it('describes each operation with its answers and the parameters of its path', () => {
    const faults = operations().flatMap(([name, { summary, parameters = [], responses }]) => {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      const described = parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
      const isWhole = summary !== undefined && Object.values(responses).every(({ description }) => description !== '');
      return isWhole && inPath.join() === described.join() && Object.keys(responses).length > 0 ? [] : [name];
    });

    expect(faults).toEqual([]);
  });

  it('describes every route that clients may rely on', () => {
    expect(operations().map(([name]) => name)).toEqual(
      expect.arrayContaining([
        'POST /orders',
        'GET /orders',
        'GET /orders/{orderId}',
        'GET /orders/{orderId}/events',
        'POST /orders/{orderId}/cancel',
        'POST /orders/{orderId}/dispatch',
        'GET /stock',
        'GET /stock/{productId}',
        'GET /stock/{productId}/movements',
        'POST /stock/{productId}/receipts',
        'POST /stock/{productId}/corrections',
        'GET /stock/{productId}/backorders',
        'GET /stock/{productId}/why',
        'PUT /stock/{productId}/policy',
        'GET /notifications',
        'GET /notifications/stream',
        'POST /automation-testing/seed',
        'GET /automation-testing/ready',
        'DELETE /automation-testing/all',
        'GET /operations/{function}/dead-letters',
        'GET /operations/{function}/dead-letters/groups',
        'GET /operations/{function}/dead-letters/{letter}',
        ...['replay', 'edit', 'discard', 'compensate'].map(
          (what) => `POST /operations/{function}/dead-letters/{letter}/${what}`,
        ),
        'POST /operations/{function}/dead-letters/replay',
        'GET /operations/dead-letters/groups',
        'POST /operations/notification/notices/send-again',
        'GET /operations/notification/notices/{notificationId}',
        'POST /operations/notification/notices/{notificationId}/send-again',
        'GET /livez',
        'GET /readyz',
        'GET /metrics',
      ]),
    );
  });

  it('matches real answers, also refusals', async () => {
    const receipt = { headers: { 'content-type': 'application/json' }, body: '{"quantity": 1, "name": "Lamp"}' };
    const letters = '/operations/order/dead-letters';
    const at = (path: string) => request('GET', store.url(path));
    const unreadable = { headers: { 'content-type': 'application/json' }, body: '{}' };
    const answers: readonly (readonly [string, Answer])[] = [
      ['GET /operations/{function}/dead-letters', await at(letters)],
      ['GET /operations/{function}/dead-letters', await at(`${letters}?limit=0`)],
      ['GET /operations/{function}/dead-letters/groups', await at(`${letters}/groups`)],
      ['GET /operations/dead-letters/groups', await at('/operations/dead-letters/groups')],
      ['GET /operations/{function}/dead-letters/{letter}', await at(`${letters}/none`)],
      [
        'POST /operations/{function}/dead-letters/replay',
        await request('POST', store.url(`${letters}/replay`), unreadable),
      ],
      ['POST /orders', await postSample(store.url('/orders'), 1, wait)],
      ['POST /orders', await postSample(store.url('/orders'), 2)],
      ['POST /orders', await request('POST', store.url('/orders'))],
      ['GET /orders', await request('GET', store.url('/orders'))],
      ['GET /orders', await request('GET', store.url('/orders?limit=0'))],
      ['GET /orders/{orderId}', await request('GET', store.url('/orders/ORDER_001'))],
      ['GET /orders/{orderId}', await request('GET', store.url('/orders/NONE'))],
      ['GET /orders/{orderId}/events', await request('GET', store.url('/orders/ORDER_001/events'))],
      ['GET /stock', await request('GET', store.url('/stock'))],
      ['GET /stock/{productId}', await request('GET', store.url('/stock/PRODUCT_001'))],
      ['GET /stock/{productId}', await request('GET', store.url('/stock/NONE'))],
      ['GET /stock/{productId}/movements', await request('GET', store.url('/stock/PRODUCT_001/movements'))],
      ['POST /stock/{productId}/receipts', await request('POST', store.url('/stock/LAMP/receipts'), receipt)],
      [
        'POST /stock/{productId}/corrections',
        await post(store.url('/stock/LAMP/corrections'), { quantity: -1, reason: 'broken' }),
      ],
      [
        'POST /stock/{productId}/corrections',
        await post(store.url('/stock/LAMP/corrections'), { quantity: -1, reason: 'broken' }),
      ],
      ['POST /stock/{productId}/corrections', await post(store.url('/stock/LAMP/corrections'), { quantity: 0 })],
      ['PUT /stock/{productId}/policy', await put(store.url('/stock/LAMP/policy'), { whenShort: 'wait' })],
      ['PUT /stock/{productId}/policy', await put(store.url('/stock/NONE/policy'), { whenShort: 'wait' })],
      ['GET /stock/{productId}/backorders', await request('GET', store.url('/stock/LAMP/backorders'))],
      ['GET /stock/{productId}/backorders', await request('GET', store.url('/stock/LAMP/backorders?limit=0'))],
      ['GET /stock/{productId}/why', await request('GET', store.url('/stock/LAMP/why'))],
      ['GET /stock/{productId}/why', await request('GET', store.url('/stock/NONE/why'))],
      ['POST /orders/{orderId}/dispatch', await request('POST', store.url('/orders/ORDER_001/dispatch'))],
      ['POST /orders/{orderId}/dispatch', await request('POST', store.url('/orders/NONE/dispatch'))],
      ['POST /orders/{orderId}/cancel', await post(store.url('/orders/ORDER_001/cancel'), { reason: 'late' })],
      ['POST /orders/{orderId}/cancel', await post(store.url('/orders/ORDER_002/cancel'), { reason: 'early' })],
      ['POST /orders/{orderId}/cancel', await post(store.url('/orders/ORDER_002/cancel'), {})],
      ['GET /notifications', await request('GET', store.url('/notifications'))],
      ['GET /livez', await request('GET', store.url('/livez'))],
      ['GET /readyz', await request('GET', store.url('/readyz'))],
    ];

    const faults = answers.map(([name, answer]) => [name, answer.status, faultsIn(name, answer)] as const);
    expect(faults.filter(([, , fault]) => fault !== null)).toEqual([]);
  });

  it('is a page that loads nothing from another host', async () => {
    const page = await request('GET', store.url('/docs'));
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part = '']) => part);
    const local = parts.filter((part) => part.startsWith('/'));
    const loaded = await Promise.all(local.map((part) => request('GET', store.url(part))));

    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=UTF-8']);
    expect(parts.filter((part) => /^(?:https?:)?\/\//.test(part))).toEqual([]);
    expect(local.length).toBeGreaterThan(1);
    expect(loaded.map(({ status }) => status)).toEqual(local.map(() => 200));
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  });
});
