/** A problem document of the store (RFC 9457), as far as a page shows it. */
export interface Problem {
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/** The store refused a request, or no answer of the store came back (`status` 0). */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Whatever was thrown, as something to show. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return { title: 'The page has an error', detail: String(error), status: 0 };
}

/** The problem in a failed response. Parts that are missing, as in a response of a proxy, are made from its status. */
export async function problemIn(response: Response): Promise<Problem> {
  const { title, detail, errors } = partsOf(await response.json().catch(() => null));
  return {
    title: typeof title === 'string' ? title : response.statusText,
    detail: typeof detail === 'string' ? detail : `the store answered ${response.status}`,
    status: response.status,
    ...(Array.isArray(errors) && { errors: errors.map(partsOf).filter(isFieldError) }),
  };
}

function partsOf(json: unknown): Readonly<Record<string, unknown>> {
  return json !== null && typeof json === 'object' ? { ...json } : {};
}

function isFieldError(error: Readonly<Record<string, unknown>>): error is { pointer: string; detail: string } {
  return typeof error['pointer'] === 'string' && typeof error['detail'] === 'string';
}
