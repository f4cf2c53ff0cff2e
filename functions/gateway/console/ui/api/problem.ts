/** A problem document of the store (RFC 9457), as far as a page shows it. */
export interface Problem {
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/** A request that the store refused, or that did not reach it (`status` 0). */
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

/** The problem in an answer that is no success; one made up for an answer that holds none, such as a proxy's. */
export async function problemIn(response: Response): Promise<Problem> {
  const fallback = { title: response.statusText, detail: `the store answered ${response.status}` };
  const body: unknown = await response.json().catch(() => null);
  return { ...fallback, ...(body !== null && typeof body === 'object' ? body : {}), status: response.status };
}
