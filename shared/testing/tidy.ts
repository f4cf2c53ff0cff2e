import { posix } from 'node:path';
import { functionBodies, lineAt, type Source } from './tidy-source.ts';
import { transactionFaults } from './tidy-transactions.ts';

export const FILE_LINES_MAX = 300;
export const FUNCTION_LINES_MAX = 70;

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly detail: string;
}

/** The console as a browser runs it. Its values come from its own folder and these packages, from elsewhere only types. */
const BROWSER_FOLDER = 'functions/gateway/console/ui';
const BROWSER_PACKAGES = ['preact', '@preact/signals', 'preact-iso', 'uplot'];
/** The rooms of {@link BROWSER_FOLDER} that talk to the store. */
const BROWSER_TALKS = ['api', 'live'].map((room) => `${BROWSER_FOLDER}/${room}/`);
/** The room that turns data into geometry, and neither draws nor asks. */
const BROWSER_PURE = `${BROWSER_FOLDER}/drawing/`;

/**
 * The layers of the design and what each may import. `top` is whatever tests or drives the store. `host` wires functions together,
 * and `engine` are the files of it that know adapters (`engine.ts` and `engine-*.ts`). `own` means the same folder of the layer: a function its own folder, an
 * engine its own.
 */
type Layer =
  | 'core'
  | 'saga'
  | 'seed'
  | 'rules'
  | 'function'
  | 'host'
  | 'engine'
  | 'ports'
  | 'runtime'
  | 'adapter'
  | 'runtimeTest'
  | 'testing'
  | 'browser'
  | 'top';
const imports: Readonly<
  Record<Exclude<Layer, 'top' | 'browser'>, { readonly from: readonly Layer[]; readonly own: boolean }>
> = {
  core: { from: ['core'], own: false },
  saga: { from: ['core', 'saga'], own: false },
  seed: { from: ['core', 'saga', 'seed'], own: false },
  rules: { from: ['core', 'saga'], own: true },
  function: { from: ['core', 'saga', 'seed', 'ports', 'runtime'], own: true },
  host: { from: ['core', 'saga', 'ports', 'runtime', 'function', 'host', 'engine'], own: false },
  engine: { from: ['core', 'ports', 'runtime', 'adapter', 'engine'], own: false },
  ports: { from: ['core', 'ports'], own: false },
  runtime: { from: ['core', 'ports', 'runtime'], own: false },
  adapter: { from: ['core', 'ports'], own: true },
  runtimeTest: { from: ['core', 'ports', 'runtime', 'adapter', 'testing', 'runtimeTest'], own: false },
  testing: { from: ['core', 'saga', 'ports', 'runtime', 'adapter', 'testing'], own: false },
};

const PURE: readonly Layer[] = ['core', 'saga', 'seed', 'rules'];
const PURE_PACKAGES = ['node:crypto', 'uuid', 'zod'];

/** Packages that one file of the store knows, so that another can take their place; and the programs that compare with it, or break it. */
const ONE_FILE_PACKAGES: Readonly<Record<string, { readonly owner: string; readonly alsoIn: readonly string[] }>> = {
  kafkajs: {
    owner: 'shared/adapters/kafka/kafkajs-client.ts',
    alsoIn: [
      'e2e/bench/reference-kafka.ts',
      'e2e/bench/relay-alone.ts',
      'e2e/engines/freeze.ts',
      'e2e/engines/long-session.ts',
    ],
  },
};

/** What the pure part never does, and how it looks. */
const impurities: readonly (readonly [what: string, pattern: RegExp])[] = [
  [
    'asks the clock',
    /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)|\bnew\s+Date\b(?!\s*\()|(?<![\w.])(?<!new\s)Date\s*\(/g,
  ],
  ['asks the clock', /\bperformance\b|\bhrtime\b/g],
  ['asks chance', /\bMath\s*\.\s*random\b|\brandom(?:UUID|Bytes|Int)\b|\bgetRandomValues\b/g],
  ['draws an id', /\bimport\s*\{[^}]*\bv[1467]\b[^}]*\}\s*from\b/g],
  ['waits', /\basync\b|\bawait\b|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bqueueMicrotask\b/g],
  ['looks at its process', /\bprocess\s*[.[]|\bglobalThis\b|\brequire\s*\(|\bimport\s*\(/g],
  ['talks', /\bconsole\b|\bfetch\s*\(/g],
];

const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*\.(?:tsx?|mjs)$/;
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g;
const WAIVER = /biome-ignore|@ts-(?:ignore|expect-error|nocheck)|eslint-disable|prettier-ignore|v8 ignore/g;

/** Everything that is wrong in these files. */
export function violationsOf(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap((source) => [
    ...importViolations(source),
    ...purityViolations(source),
    ...browserViolations(source),
    ...transactionViolations(source),
    ...sizeViolations(source),
    ...markerViolations(source),
  ]);
}

/** Each circle of imports, as paths, the first repeated at the end; types count. `nameOf` groups files: a folder, for instance. */
export function circlesOf(sources: readonly Source[], nameOf: (path: string) => string): readonly string[] {
  const graph = new Map<string, Set<string>>();
  for (const { path, uncommented } of sources.filter((source) => !isTest(source.path))) {
    const targets = graph.get(nameOf(path)) ?? new Set();
    graph.set(nameOf(path), targets);
    for (const [, specifier = ''] of uncommented.matchAll(IMPORT)) {
      const target = nameOf(posix.join(posix.dirname(path), specifier));
      if (specifier.startsWith('.') && target !== nameOf(path)) targets.add(target);
    }
  }
  const done = new Set<string>();
  const visit = (node: string, way: readonly string[]): readonly string[] => {
    if (way.includes(node)) return [[...way.slice(way.indexOf(node)), node].join(' → ')];
    if (done.has(node)) return [];
    const found = [...(graph.get(node) ?? [])].flatMap((next) => visit(next, [...way, node]));
    done.add(node);
    return found;
  };
  return [...graph.keys()].flatMap((node) => visit(node, []));
}

function isTest(path: string): boolean {
  return /\.(?:test|conformance)\.tsx?$/.test(path);
}

/** The layer of a file and the folder it shares with its own; null for a file that has no place in the design. */
function placeOf(path: string): { readonly layer: Layer; readonly own: string } | null {
  const [top = '', second = '', third = '', fourth = ''] = path.split('/');
  if (top === 'shared' && second === 'testing') return { layer: 'testing', own: path };
  if (isTest(path)) return { layer: top === 'shared' ? 'runtimeTest' : 'top', own: path };
  if (top === 'e2e') return { layer: 'top', own: path };
  if (top === 'seed') return { layer: 'seed', own: top };
  if (top === 'saga') return { layer: 'saga', own: top };
  if (path.startsWith(`${BROWSER_FOLDER}/`)) return { layer: 'browser', own: BROWSER_FOLDER };
  if (top === 'functions') {
    if (third === '') return { layer: /^engine(-\w+)?\.ts$/.test(second) ? 'engine' : 'host', own: path };
    const isRules = third === 'decide.ts' || third === 'state.ts';
    return { layer: isRules ? 'rules' : 'function', own: `${top}/${second}` };
  }
  if (top !== 'shared') return null;
  if (second === 'core' || second === 'ports' || second === 'runtime')
    return { layer: second, own: `${top}/${second}` };
  if (second === 'adapters') {
    return { layer: 'adapter', own: fourth === '' ? path : path.split('/').slice(0, 3).join('/') };
  }
  return second === 'tools' ? { layer: 'top', own: path } : null;
}

function importViolations(source: Source): readonly Violation[] {
  const { path, uncommented } = source;
  const place = placeOf(path);
  if (place === null) return [violation(source, 0, 'place', 'this folder is not in the design')];
  const { layer, own } = place;
  const found = [...uncommented.matchAll(IMPORT)];
  return found.flatMap((match) => {
    const [, specifier = ''] = match;
    const problem = problemOf(source, { layer, own }, match.index, specifier);
    return problem === null ? [] : [violation(source, match.index, 'imports', problem)];
  });
}

function problemOf(
  source: Source,
  { layer, own }: { readonly layer: Layer; readonly own: string },
  position: number,
  specifier: string,
): string | null {
  if (layer === 'top') return packageProblem(source.path, specifier);
  if (layer === 'browser') return browserProblem(source, position, specifier);
  return importProblem(source.path, { layer, own }, specifier);
}

function browserProblem({ path, uncommented }: Source, position: number, specifier: string): string | null {
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
  if (target.startsWith(`${BROWSER_FOLDER}/`)) return null;
  const isPackage = BROWSER_PACKAGES.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  const statement = uncommented.slice(uncommented.lastIndexOf(';', position) + 1, position);
  if (isPackage || /^\s*import\s+type\b/.test(statement)) return null;
  return `browser may not import values of ${target}`;
}

function importProblem(
  path: string,
  { layer, own }: { readonly layer: Exclude<Layer, 'top' | 'browser'>; readonly own: string },
  specifier: string,
): string | null {
  if (!specifier.startsWith('.')) {
    const isAllowed = !PURE.includes(layer) || PURE_PACKAGES.includes(specifier);
    if (!isAllowed) return `${layer} is pure and may not import ${specifier}`;
    return packageProblem(path, specifier);
  }
  const target = posix.join(posix.dirname(path), specifier);
  const there = placeOf(target);
  if (there === null) return `${layer} may not import ${target}`;
  const rules = imports[layer];
  if (rules.from.includes(there.layer)) return null;
  // The rules of a function are the same folder as the rest of it, and still do not know the rest.
  const isOwn = rules.own && there.own === own && (layer !== 'rules' || there.layer === 'rules');
  return isOwn ? null : `${layer} may not import ${target}`;
}

function packageProblem(path: string, specifier: string): string | null {
  const rule = ONE_FILE_PACKAGES[specifier.split('/')[0] ?? ''];
  if (rule === undefined || rule.owner === path || rule.alsoIn.includes(path) || isTest(path)) return null;
  return `only ${rule.owner} may import ${specifier}`;
}

function purityViolations(source: Source): readonly Violation[] {
  const place = placeOf(source.path);
  if (place === null || !PURE.includes(place.layer)) return [];
  return impurities.flatMap(([what, pattern]) =>
    [...source.code.matchAll(pattern)].map((match) => violation(source, match.index, 'purity', `${what}: ${match[0]}`)),
  );
}

/** Of the console: who talks to the store, and what is pure. */
function browserViolations(source: Source): readonly Violation[] {
  const { path, code } = source;
  if (!path.startsWith(`${BROWSER_FOLDER}/`) || isTest(path)) return [];
  const found = (pattern: RegExp, detail: string) =>
    [...code.matchAll(pattern)].map((match) => violation(source, match.index, 'browser', `${detail}: ${match[0]}`));
  const talks = BROWSER_TALKS.some((room) => path.startsWith(room));
  return [
    ...(talks
      ? []
      : found(/\bfetch\s*\(|\bnew\s+(?:EventSource|WebSocket|XMLHttpRequest)\b/g, 'only api and live talk')),
    ...(path.startsWith(BROWSER_PURE)
      ? found(/\b(?:document|window|localStorage)\b|\bDate\s*\.\s*now\b/g, 'drawing is pure')
      : []),
    ...found(/\b(?:innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML)\b/g, 'text never becomes markup'),
  ];
}

/** Of the store itself: tests and tools may plant what it never does. */
function transactionViolations(source: Source): readonly Violation[] {
  const { path } = source;
  if (isTest(path) || path.startsWith('e2e/') || path.startsWith('shared/testing/')) return [];
  return transactionFaults(source).map(({ position, detail }) => violation(source, position, 'transaction', detail));
}

function sizeViolations(source: Source): readonly Violation[] {
  const { path, text } = source;
  const lines = text.replace(/\n$/, '').split('\n').length;
  const file =
    lines > FILE_LINES_MAX
      ? [violation(source, 0, 'file length', `${lines} lines; ${FILE_LINES_MAX} are allowed`)]
      : [];
  const functions = functionBodies(source)
    .filter((body) => body.lines > FUNCTION_LINES_MAX)
    // A list of tests is a table of contents, not a function to be understood in one go.
    .filter((body) => !(isTest(path) && /^\s*(?:it|describe)\b/m.test(body.text)))
    .map(({ line, lines }) => ({
      path,
      line,
      rule: 'function length',
      detail: `${lines} lines; ${FUNCTION_LINES_MAX} are allowed`,
    }));
  return [...file, ...functions];
}

function markerViolations(source: Source): readonly Violation[] {
  const { path, code, comments } = source;
  const found = (text: string, pattern: RegExp, rule: string) =>
    [...text.matchAll(pattern)].map((match) => violation(source, match.index, rule, match[0].trim()));
  const name = posix.basename(path);
  return [
    ...(NAME.test(name) ? [] : [violation(source, 0, 'file name', name)]),
    ...found(code, /\b(?:it|test|describe)\s*\.\s*(?:only|skip|todo|fails)\b/g, 'whole suite'),
    ...found(comments, /\b(?:TODO|FIXME|XXX|HACK)\b/g, 'nothing unfinished'),
    ...found(comments, WAIVER, 'no waivers'),
    ...found(code, /\bexport\s+default\b|\bas\s+default\b/g, 'named exports'),
  ];
}

function violation({ path, text }: Source, position: number, rule: string, detail: string): Violation {
  return { path, line: lineAt(text, position), rule, detail };
}
