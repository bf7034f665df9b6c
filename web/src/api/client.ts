import { ModplaneError, configure } from '@modplane/client';
import { exactly } from '@/api/exact-json.ts';
import { fetchSignedIn } from '@/api/token.ts';

/** Sets the generated client up for the browser: same origin, with the session's token, and numbers as they are written. */
export function setUpClient(baseUrl = ''): void {
  configure({ baseUrl: baseUrl || globalThis.location.origin, fetch: exactly(fetchSignedIn) });
}

/** The problem of a failed request; null for anything else, such as no network. */
export function problemOf(error: unknown): ModplaneError | null {
  return error instanceof ModplaneError ? error : null;
}

/** What the state was meant for is no longer so: somebody else was first. */
export function isConflict(error: unknown): boolean {
  return problemOf(error)?.status === 412;
}
