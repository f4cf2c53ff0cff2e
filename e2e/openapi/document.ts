/** An OpenAPI 3.1 document, as far as the check reads it. */

/** A JSON schema, or a reference to one. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly example?: unknown;
}

export interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

export interface ResponseObject {
  readonly description?: string;
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema?: Schema }>>;
  readonly content?: Content;
}

interface Server {
  readonly url: string;
  readonly variables?: Readonly<Record<string, { readonly default: string }>>;
}

export interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, ResponseObject>>;
  /** Where it answers, when not where the rest of the document does. */
  readonly servers?: readonly Server[];
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;
type PathItem = Readonly<Partial<Record<(typeof METHODS)[number], Operation>>>;

export interface Document {
  readonly servers?: readonly Server[];
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>>; readonly [kind: string]: unknown };
}

/** An operation with its place. */
export interface Endpoint {
  /** `POST /orders` */
  readonly name: string;
  /** In capitals. */
  readonly method: string;
  readonly path: string;
  /** Where it answers; a path alone is relative to where the document comes from. */
  readonly servers: readonly string[];
  readonly operation: Operation;
}

/** All operations, in the order of the document. */
export function endpointsOf(document: Document): readonly Endpoint[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (operation === undefined) return [];
      const upper = method.toUpperCase();
      const servers = (operation.servers ?? document.servers ?? [{ url: '/' }]).map(urlOf);
      return [{ name: `${upper} ${path}`, method: upper, path, servers, operation }];
    }),
  );
}

/** The URL of a server with its variables at their defaults, without a slash at its end. */
function urlOf({ url, variables = {} }: Server): string {
  return url.replaceAll(/\{(\w+)\}/g, (_, name: string) => variables[name]?.default ?? '').replace(/\/$/, '');
}

/** The schema that a reference leads to; any other schema as it is. */
export function resolve(document: Document, schema: Schema): Schema {
  let found = schema;
  while (found.$ref !== undefined) {
    const name = found.$ref.replace('#/components/schemas/', '');
    const next = document.components?.schemas?.[name];
    if (next === undefined) throw new Error(`the document refers to ${found.$ref}, which it does not have`);
    found = next;
  }
  return found;
}

/** The media type of a header `content-type`, without its parameters. */
export function mediaTypeOf(header: string | null | undefined): string {
  return (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

export function isJson(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType.endsWith('+json');
}
