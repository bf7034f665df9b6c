/** Who is signed in, as the access token says it. The server decides what that person may; this only chooses pages. */
export interface Person {
  readonly userId: string;
  readonly role: 'super_admin' | 'organization_admin' | 'service' | 'signup';
  readonly organizationId: string | null;
}

export type SessionState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'signed-out'; readonly ended: boolean }
  | { readonly kind: 'signed-in'; readonly person: Person };

let token: string | null = null;
let state: SessionState = { kind: 'starting' };
let refreshing: Promise<boolean> | null = null;
const listeners = new Set<() => void>();

/** The token lives in memory alone: no script of another page, and no later visitor, finds it in storage. */
export const currentToken = (): string | null => token;
export const sessionState = (): SessionState => state;

export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

/** What a token says of its bearer. Nothing is verified here: the server does that with every request. */
export function personOf(accessToken: string): Person {
  const payload = accessToken.split('.')[1] ?? '';
  const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
  const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0)))) as {
    sub: string;
    role: Person['role'];
    org?: string | null;
  };
  return { userId: claims.sub, role: claims.role, organizationId: claims.org ?? null };
}

const HINT = 'modplane-session';

function remember(isSignedIn: boolean): void {
  try {
    if (isSignedIn) localStorage.setItem(HINT, 'yes');
    else localStorage.removeItem(HINT);
  } catch {
    // Storage may be forbidden; then every visit begins signed out.
  }
}

/** Takes the session up again, when this browser has signed in before: who never did needs no round trip to know. */
export async function startSession(): Promise<void> {
  let signedInBefore = false;
  try {
    signedInBefore = localStorage.getItem(HINT) !== null;
  } catch {
    // As above.
  }
  if (!signedInBefore || !(await refreshSession())) {
    if (state.kind === 'starting') signedOut(false);
  }
}

/** Takes over a fresh access token. */
export function signedIn(accessToken: string): void {
  token = accessToken;
  remember(true);
  become({ kind: 'signed-in', person: personOf(accessToken) });
}

/** Forgets the token. `ended`: not by the person's own wish. */
export function signedOut(ended: boolean): void {
  token = null;
  remember(false);
  become({ kind: 'signed-out', ended });
}

async function askForToken(): Promise<boolean> {
  let answer: Response;
  try {
    answer = await fetch('/api/v1/auth/refresh', { method: 'POST', credentials: 'same-origin' });
  } catch {
    return false;
  }
  if (!answer.ok) {
    // Anything but a refusal may pass: then the session is kept.
    if (answer.status === 401 || answer.status === 403) signedOut(token !== null);
    else if (state.kind === 'starting') signedOut(false);
    return false;
  }
  const { access_token: fresh } = (await answer.json()) as { access_token: string };
  signedIn(fresh);
  return true;
}

/**
 * Gets a new access token for the refresh cookie; false when there is none to be had.
 *
 * The cookie is good for one use, so the tabs of one browser take turns: a lock where the browser has locks.
 */
export function refreshSession(): Promise<boolean> {
  const inTurn = async () =>
    'locks' in navigator ? await navigator.locks.request('modplane-refresh', askForToken) : await askForToken();
  refreshing ??= inTurn().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** A request with the token; one that is answered 401 is repeated once with a refreshed token. */
export async function fetchSignedIn(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const again = request.clone();
  const used = token;
  const answer = await fetch(withToken(request, used));
  if (answer.status !== 401 || used === null) return answer;
  return token !== used || (await refreshSession()) ? fetch(withToken(again, token)) : answer;
}

function withToken(request: Request, bearer: string | null): Request {
  if (bearer !== null) request.headers.set('Authorization', `Bearer ${bearer}`);
  return request;
}
