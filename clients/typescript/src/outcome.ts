import { mergeHeaders } from "./generated/client/index.js";
import type { Accepted } from "./generated/types.gen.js";
import { randomId } from "./random-id.js";

const NOT_DECIDED_YET = 202;
const PAUSE_MS = 500;

type GivenHeaders = Parameters<typeof mergeHeaders>[number];

/**
 * What came of a write. While Modplane answers that it is not decided yet, the same request is sent again under its
 * Idempotency-Key: that never has a second effect, and waits for the outcome of the first.
 */
export async function outcome<T>(
  rest: { headers?: GivenHeaders } | undefined,
  ask: (headers: Record<string, string>) => Promise<{ data: T; response: Response }>,
): Promise<Exclude<T, Accepted>> {
  const headers = mergeHeaders({ "Idempotency-Key": randomId() }, rest?.headers);
  for (;;) {
    const { data, response } = await ask(Object.fromEntries(headers.entries()));
    if (response.status !== NOT_DECIDED_YET) return data as Exclude<T, Accepted>;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
