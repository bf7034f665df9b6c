import type { ProblemCode } from "./generated/problem-codes.gen.js";
import type { FieldError, Problem } from "./generated/types.gen.js";

const TYPE = "urn:modplane:problem:";

/** Those there are now, and any that a newer Modplane may know. */
export type Code = ProblemCode | "unreachable" | (string & {});

/** A problem as it came, with what this kind of it says beside the fields that all have. */
export type ProblemBody = Problem & Record<string, unknown>;

/**
 * Why a call did not succeed: what Modplane refused, or that it could not be reached (`status` 0, `code` `unreachable`).
 *
 * It has the fields of the problem itself, which is what the generated functions say they throw.
 */
export class ModplaneError extends Error implements Problem {
  override readonly name = "ModplaneError";
  readonly problem: ProblemBody;
  /** Of the command that was refused, for `GET /operations/{id}` and the log; null where no command was made. */
  readonly operationId: string | null;

  constructor(problem: ProblemBody, options: ErrorOptions & { operationId?: string | null } = {}) {
    super(problem.detail || problem.title, options);
    this.problem = problem;
    this.operationId = options.operationId ?? null;
  }

  /** What programs tell problems apart by: the end of `type`, such as `config_differs`. */
  get code(): Code {
    return this.type.startsWith(TYPE) ? this.type.slice(TYPE.length) : this.type;
  }

  get type(): string {
    return this.problem.type;
  }

  get title(): string {
    return this.problem.title;
  }

  get status(): number {
    return this.problem.status;
  }

  get detail(): string {
    return this.problem.detail;
  }

  get instance(): string {
    return this.problem.instance;
  }

  /** What is wrong where in the request, when it is about parts of it. */
  get errors(): FieldError[] {
    return this.problem.errors ?? [];
  }
}

/** A `fetch` that throws a `ModplaneError` for every answer but a success. An aborted call throws what it was aborted by. */
export function refusing(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    let response: Response;
    try {
      response = await fetch(request);
    } catch (error) {
      if (request.signal.aborted) throw error;
      throw new ModplaneError(unreachable(request, error), { cause: error });
    }
    if (response.ok) return response;
    const operationId = response.headers.get("modplane-operation-id");
    throw new ModplaneError(problemOf(response, await response.text()), { operationId });
  };
}

function unreachable(request: Request, error: unknown): ProblemBody {
  const detail = `No answer from ${request.url}: ${error instanceof Error ? error.message : String(error)}.`;
  const instance = new URL(request.url).pathname;
  return { type: `${TYPE}unreachable`, title: "Unreachable", status: 0, detail, instance };
}

/** The body, or in its place what can be said of an answer that is no problem: a proxy's, or one without a body. */
function problemOf(response: Response, body: string): ProblemBody {
  const type = response.headers.get("content-type") ?? "";
  const problem = type.startsWith("application/problem+json") ? parsed(body) : null;
  if (problem !== null) return problem;
  const title = response.statusText || `Status ${response.status}`;
  const instance = response.url ? new URL(response.url).pathname : "";
  const isText = type.startsWith("text/plain") && body.trim() !== "";
  const detail = isText
    ? body.slice(0, 500)
    : `Status ${response.status} without a problem: a proxy may have answered.`;
  return { type: "about:blank", title, status: response.status, detail, instance, errors: [] };
}

/** The problem, unless it was cut off on its way. */
function parsed(body: string): ProblemBody | null {
  try {
    return JSON.parse(body) as ProblemBody;
  } catch {
    return null;
  }
}
