/** The OpenAPI document is whole: each operation and parameter is named and described, and nothing is there in vain. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Document, type Endpoint, endpointsOf, type ResponseObject } from '../e2e/openapi/document.ts';
import { problemCodes } from '../shared/runtime/http/problem.ts';
import { logLines } from '../shared/testing/log-lines.ts';
import { openapiDocument, openapiSource } from './openapi.ts';
import { functionModules } from './registry.ts';
import { readConfig } from './settings.ts';

type Written = Document & {
  readonly info: { readonly version: string };
  readonly components: { readonly securitySchemes?: Readonly<Record<string, { readonly description: string }>> };
};
type Secured = Endpoint['operation'] & { readonly security?: readonly Readonly<Record<string, unknown>>[] };

function documentOf(env: Readonly<Record<string, string>> = {}, options = { automation: true, operations: true }) {
  const made = openapiDocument(readConfig(env), logLines().logger, options);
  return JSON.parse(JSON.stringify(made)) as Written;
}

const document = documentOf();
const endpoints = endpointsOf(document);

/** The names of the operations for which this does not hold. */
function exceptions(holds: (endpoint: Endpoint) => boolean): readonly string[] {
  return endpoints.filter((endpoint) => !holds(endpoint)).map(({ name }) => name);
}

/** Signing in is open to all callers. */
function isOfOperators({ path }: Endpoint): boolean {
  return path.startsWith('/operations') && path !== '/operations/session';
}

function isText(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '';
}

describe('each operation of the OpenAPI document', () => {
  it('has an id of its own in camelCase, a summary, a description and one tag that is described', () => {
    const ids = endpoints.map(({ operation }) => operation.operationId);
    const tags = new Map((document.tags ?? []).map(({ name, description }) => [name, description]));

    expect(exceptions(({ operation }) => /^[a-z]+(?:[A-Z][a-z0-9]*)*$/.test(operation.operationId ?? ''))).toEqual([]);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(exceptions(({ operation }) => isText(operation.summary) && isText(operation.description))).toEqual([]);
    expect(exceptions(({ operation: { tags: [tag = ''] = [] } }) => isText(tags.get(tag)))).toEqual([]);
  });

  it('keeps its id, which generated clients are named by', () => {
    expect(endpoints.map(({ name, operation }) => `${name}: ${operation.operationId}`)).toEqual(
      expect.arrayContaining([
        'GET /livez: getLiveness',
        'GET /readyz: getReadiness',
        'GET /metrics: getMetrics',
        'POST /automation-testing/seed: seedExamples',
        'GET /automation-testing/ready: getTestReadiness',
        'DELETE /automation-testing/all: removeAllData',
        'POST /orders/{orderId}/cancel: cancelOrder',
        'POST /orders/{orderId}/dispatch: dispatchOrder',
        'POST /orders: placeOrder',
        'GET /orders: listOrders',
        'GET /orders/{orderId}: getOrder',
        'GET /orders/{orderId}/events: listOrderEvents',
        'GET /orders/{orderId}/why: explainOrder',
        'GET /stock: listStock',
        'GET /stock/{productId}: getStock',
        'GET /stock/{productId}/why: explainStock',
        'GET /stock/{productId}/movements: listStockMovements',
        'GET /stock/{productId}/backorders: listBackorders',
        'POST /stock/{productId}/receipts: receiveStock',
        'PUT /stock/{productId}/policy: setStockPolicy',
        'GET /notifications: listNotifications',
        'GET /notifications/stream: streamNotifications',
        'POST /operations/notification/notices/send-again: sendFailedNoticesAgain',
        'GET /operations/notification/notices/{notificationId}: getNotice',
        'POST /operations/notification/notices/{notificationId}/send-again: sendNoticeAgain',
        'GET /operations/{function}/dead-letters: listDeadLetters',
        'GET /operations/{function}/dead-letters/groups: groupDeadLetters',
        'POST /operations/{function}/dead-letters/replay: replayDeadLetters',
        'GET /operations/{function}/dead-letters/{letter}: getDeadLetter',
        'POST /operations/{function}/dead-letters/{letter}/replay: replayDeadLetter',
        'POST /operations/{function}/dead-letters/{letter}/edit: editDeadLetter',
        'POST /operations/{function}/dead-letters/{letter}/discard: discardDeadLetter',
        'POST /operations/{function}/dead-letters/{letter}/compensate: compensateDeadLetter',
        'GET /operations/dead-letters/groups: groupAllDeadLetters',
        'GET /operations/{function}/replays: listReplays',
        'POST /operations/{function}/replays: startReplay',
        'GET /operations/{function}/replays/{replay}: getReplay',
        'DELETE /operations/{function}/replays/{replay}: stopReplay',
        'GET /operations/session: getSession',
        'POST /operations/session: signIn',
        'DELETE /operations/session: signOut',
        'GET /openapi.json: getOpenapi',
        'GET /docs: getDocs',
        'GET /why/{key}: explainKey',
        'POST /automation-testing/faults: setFaults',
        'GET /automation-testing/faults: listFaults',
        'DELETE /automation-testing/faults: healAllFaults',
        'GET /automation-testing/faults/{function}: getFaults',
        'PUT /automation-testing/faults/{function}: injectFaults',
        'DELETE /automation-testing/faults/{function}: healFaults',
        'POST /automation-testing/crash/{function}: crashFunction',
        'GET /automation-testing/load: getLoad',
        'POST /automation-testing/load: startLoad',
        'DELETE /automation-testing/load: stopLoad',
      ]),
    );
  });

  it('describes its parameters, those of its path among them, and requires its body', () => {
    const inPath = ({ path }: Endpoint) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const described = ({ operation: { parameters = [] } }: Endpoint) =>
      parameters.filter((parameter) => parameter.in === 'path' && parameter.required).map(({ name }) => name);

    expect(
      exceptions(({ operation: { parameters = [] } }) => parameters.every((each) => isText(each.description))),
    ).toEqual([]);
    expect(exceptions((endpoint) => inPath(endpoint).join() === described(endpoint).join())).toEqual([]);
    expect(
      exceptions(({ operation: { requestBody } }) => requestBody === undefined || requestBody.required === true),
    ).toEqual([]);
  });

  it('declares a success, and the problems that its kind can meet, each with a problem document', () => {
    const declares = ({ operation }: Endpoint, ...statuses: number[]) =>
      statuses.every((status) => operation.responses[status]?.content?.['application/problem+json'] !== undefined);
    const isLocal = ({ path }: Endpoint) => /^\/(?:livez|docs|openapi\.json|operations\/session)/.test(path);

    expect(
      exceptions(({ operation }) => Object.keys(operation.responses).some((status) => status.startsWith('2'))),
    ).toEqual([]);
    expect(exceptions((endpoint) => declares(endpoint, 400, 405, 422, 500))).toEqual([]);
    expect(exceptions((endpoint) => isLocal(endpoint) || declares(endpoint, 503))).toEqual([]);
    expect(exceptions((endpoint) => endpoint.method === 'GET' || declares(endpoint, 413, 415))).toEqual([]);
    expect(exceptions((endpoint) => endpoint.method === 'GET' || isLocal(endpoint) || declares(endpoint, 507))).toEqual(
      [],
    );
    expect(exceptions((endpoint) => !endpoint.path.includes('{') || declares(endpoint, 404))).toEqual([]);
    expect(exceptions((endpoint) => !isOfOperators(endpoint) || declares(endpoint, 401))).toEqual([]);
  });

  it('describes its responses, and declares the headers that belong to them', () => {
    const responses = endpoints.flatMap(({ name, operation }) =>
      Object.entries(operation.responses).map(([status, response]) => ({
        name: `${name} ${status}`,
        status,
        response,
      })),
    );
    const without = (header: string, ...statuses: string[]) =>
      responses
        .filter(({ status }) => statuses.length === 0 || statuses.includes(status))
        .filter(({ response }: { response: ResponseObject }) => response.headers?.[header] === undefined)
        .map(({ name }) => name);

    expect(responses.filter(({ response }) => !isText(response.description)).map(({ name }) => name)).toEqual([]);
    expect(without('X-Request-Id')).toEqual([]);
    expect(without('Allow', '405')).toEqual([]);
    expect(without('Retry-After', '503', '507')).toEqual([]);
    expect(without('WWW-Authenticate', '401')).toEqual([]);
    expect(without('Location', '201', '202')).toEqual([]);
  });
});

describe('the OpenAPI document', () => {
  it('has no schema that nothing refers to, and no reference to nothing', () => {
    const used = new Set(
      [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name),
    );

    expect([...used].sort()).toEqual(Object.keys(document.components?.schemas ?? {}).sort());
  });

  it('lists the codes of all problems, and has the version of the store', () => {
    const own = functionModules.flatMap(({ problemCodes: codes = [] }) => codes);
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };

    expect(document.components?.schemas?.['Problem']?.properties?.['code']?.enum).toEqual([...problemCodes, ...own]);
    expect(own).toContain('order_id_reused');
    expect(document.info.version).toBe(version);
  });

  it('says where operations are answered: at the gateway, or at the functions alone', () => {
    const atFunctions = endpoints
      .filter(({ servers }) => servers.join() !== '')
      .map(({ path, servers }) => [path, servers]);
    const servers = [8902, 8901, 8903].map((port) => `http://127.0.0.1:${port}`);

    expect(atFunctions).toEqual([
      ['/automation-testing/faults', servers],
      ['/why/{key}', servers],
    ]);
  });

  it.each([
    ['a token is set', { OPERATIONS_TOKEN: 'open-sesame' }, [{ operators: [] }], 'the token is required'],
    ['none is set', {}, [{ operators: [] }, {}], 'no token is required'],
  ] as const)('says whether the routes of operators are guarded: %s', (_, env, security, text) => {
    const guarded = documentOf(env);
    const ofOperators = endpointsOf(guarded).filter(isOfOperators);

    expect(ofOperators.length).toBeGreaterThan(5);
    for (const { operation } of ofOperators) expect((operation as Secured).security).toEqual(security);
    expect(guarded.components.securitySchemes?.['operators']?.description).toContain(text);
    expect(JSON.stringify(guarded)).not.toContain('open-sesame');
  });

  it('is made once, when it is first asked for', () => {
    const source = openapiSource(readConfig({}), logLines().logger, { automation: true, operations: true });

    expect(source()).toBe(source());
  });

  it('leaves out what breaks a store in production, also where its example data can be used', () => {
    const breaking = (env: Readonly<Record<string, string>>) =>
      Object.keys(documentOf(env).paths).filter((path) => /^\/automation-testing\/(?:faults|crash|load)/.test(path));

    expect(breaking({ NODE_ENV: 'production' })).toEqual([]);
    expect(breaking({}).length).toBeGreaterThan(2);
  });

  it('leaves out what is not there: test automation, and the routes of operators where they are closed', () => {
    const { paths, tags = [], components } = documentOf({}, { automation: false, operations: false });
    const closed = Object.keys(paths).filter((path) => /^\/(?:operations|automation-testing)/.test(path));

    expect(closed).toEqual([]);
    expect(components.securitySchemes).toBeUndefined();
    expect(tags.map(({ name }) => name)).not.toContain('Test automation');
  });
});
