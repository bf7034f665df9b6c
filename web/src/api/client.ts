import { ModplaneError, configure } from '@modplane/client';
import { fetchSignedIn } from '@/api/token.ts';

/** Sets the generated client up for the browser: same origin, with the session's token. */
export function setUpClient(baseUrl = ''): void {
  configure({ baseUrl: baseUrl || globalThis.location.origin, fetch: fetchSignedIn });
}

/** The problem of a failed request; null for anything else, such as no network. */
export function problemOf(error: unknown): ModplaneError | null {
  return error instanceof ModplaneError ? error : null;
}

/** What the state was meant for is no longer so: somebody else was first. */
export function isConflict(error: unknown): boolean {
  return problemOf(error)?.status === 412;
}
