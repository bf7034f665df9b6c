import { inTurn } from '@/api/browser.ts';
import { answered, unanswered } from '@/api/reachability.ts';

/** Who is signed in, as the access token says it. The server decides what that person may; this only chooses pages. */
export interface Person {
  readonly userId: string;
  readonly role: 'super_admin' | 'organization_admin' | 'service' | 'signup';
  readonly organizationId: string | null;
}

export type SessionState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'signed-out'; readonly ended: boolean }
  | { readonly kind: 'signed-in'; readonly person: Person }
  /** It ended while the person was at work: their page stays as it is until they, or somebody else, have signed in. */
  | { readonly kind: 'expired'; readonly person: Person };

let token: string | null = null;
let state: SessionState = { kind: 'starting' };
let refreshing: Promise<Refreshed> | null = null;
const listeners = new Set<() => void>();

/** The token lives in memory alone: no script of another page, and no later visitor, finds it in storage. */
export const currentToken = (): string | null => token;
export const sessionState = (): SessionState => state;

/** Whose page this is; null for nobody's. */
export const personOn = (session: SessionState): Person | null =>
  session.kind === 'signed-in' || session.kind === 'expired' ? session.person : null;

const userId = (): string | null => personOn(state)?.userId ?? null;

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

/**
 * What the tabs of this browser tell each other of the session, and what a reload knows of it: `in:` and the id of who is
 * signed in, `ended`, or nothing after signing out. `leaving`: signed out, and the service was not told yet.
 */
const KEY = 'modplane-session';
const IN = 'in:';
type Noted = string | null;

/** Undefined where storage is forbidden; then every visit begins signed out, and every tab is on its own. */
function noted(): Noted | undefined {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return undefined;
  }
}

let isNoting = false;

function note(now: Noted): void {
  try {
    if (now === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, now);
    isNoting = true;
  } catch {
    isNoting = false;
  }
}

/** Takes the session up again, when this browser has signed in before: who never did needs no round trip to know. */
export async function startSession(): Promise<void> {
  followOtherTabs();
  const before = noted() ?? '';
  if (before === 'leaving') void leave(null);
  if (!before.startsWith(IN) || (await refreshSession()) !== 'fresh') {
    // Whether the service refused or did not answer: what is noted says it to the other tabs.
    if (state.kind === 'starting') become({ kind: 'signed-out', ended: noted() === 'ended' });
  }
}

/** Takes over a fresh access token. */
export function signedIn(accessToken: string): void {
  const person = personOf(accessToken);
  token = accessToken;
  note(`${IN}${person.userId}`);
  const same = state.kind === 'signed-in' && JSON.stringify(state.person) === JSON.stringify(person);
  // Every quarter of an hour there is a new token: that is no news to anybody.
  if (!same) become({ kind: 'signed-in', person });
}

/** Forgets the token, in all tabs. `ended`: not by the person's own wish. */
export function signedOut(ended: boolean): void {
  note(ended ? 'ended' : null);
  forget(ended);
}

function forget(ended: boolean): void {
  token = null;
  become({ kind: 'signed-out', ended });
}

/** The session has ended under somebody's hands. */
function expire(person: Person): void {
  token = null;
  become({ kind: 'expired', person });
}

/** Signs out, in all tabs at once. The service hears of it as soon as it can: at the latest when a page is opened again. */
export function signOut(): void {
  const bearer = token;
  note('leaving');
  forget(false);
  void leave(bearer);
}

async function leave(bearer: string | null): Promise<void> {
  const headers = new Headers(bearer === null ? {} : { Authorization: `Bearer ${bearer}` });
  try {
    // In turn: a refresh that is under way would set its cookie after this, and a sign-in waits until it is done.
    await sendInTurn(new Request(addressOf('logout'), { method: 'POST', headers, keepalive: true }));
    if (noted() === 'leaving') note(null);
  } catch {
    // It stays noted.
  }
}

const AUTH = '/api/v1/auth/';
const addressOf = (route: 'logout' | 'refresh') => new URL(AUTH + route, location.origin);

/** So long a request may hold up those of the other tabs. */
const TURN_MS = 30_000;

/** Whatever sets the refresh cookie happens one after the other, in all tabs of this browser. */
function sendInTurn(request: Request): Promise<Response> {
  return inTurn('modplane-refresh', () => {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TURN_MS)]);
    return send(new Request(request, { signal }));
  });
}

/** What another tab did to the session happens here as well, and what was done while this page was put away. */
function followOtherTabs(): void {
  window.addEventListener('storage', ({ key, newValue }) => {
    if (key === KEY || key === null) follow(newValue);
  });
  const look = () => {
    const now = noted();
    if (isNoting && now !== undefined) follow(now);
  };
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) look();
  });
  document.addEventListener('visibilitychange', look);
  document.addEventListener('resume', look);
}

function follow(now: Noted): void {
  const person = personOn(state);
  if (now === 'ended') {
    if (state.kind === 'signed-in') expire(state.person);
  } else if (now?.startsWith(IN)) {
    const isSame = now === `${IN}${person?.userId ?? ''}`;
    if (state.kind === 'signed-in' && isSame) return;
    // Not one more request in the name of who was here before.
    token = null;
    if (person !== null && !isSame) become({ kind: 'starting' });
    void refreshSession().then((outcome) => {
      if (outcome !== 'fresh' && state.kind === 'starting') forget(true);
    });
  } else if (person !== null) forget(false);
}

/** `refused`: there is no session any more; `unanswered`: there may be. */
type Refreshed = 'fresh' | 'refused' | 'unanswered';

async function askForToken(): Promise<Refreshed> {
  const before = state;
  let answer: Response;
  try {
    answer = await sendInTurn(new Request(addressOf('refresh'), { method: 'POST', credentials: 'same-origin' }));
  } catch {
    return 'unanswered';
  }
  // Signed out, or somebody else in, while it was under way.
  if (state !== before && state.kind !== 'starting') return token === null ? 'refused' : 'fresh';
  if (answer.ok) {
    const { access_token: fresh } = (await answer.json()) as { access_token: string };
    signedIn(fresh);
    return 'fresh';
  }
  // Anything but a refusal may pass: then the session is kept.
  if (answer.status !== 401 && answer.status !== 403) return 'unanswered';
  note('ended');
  if (state.kind === 'signed-in') expire(state.person);
  return 'refused';
}

/**
 * Gets a new access token for the refresh cookie.
 *
 * The cookie is good for one use, so the tabs of one browser take turns where the browser has locks. Where it has none
 * the service forgives a cookie that comes twice within seconds.
 */
export function refreshSession(): Promise<Refreshed> {
  refreshing ??= askForToken().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** Refusals of one request that a new token is asked for; the third stands. */
const REFUSALS = 2;

/**
 * A request with the token. One that is answered 401 is repeated with a refreshed token; when there is none to be had, it
 * waits until the person has signed in again. Nobody else sends it: then it fails.
 */
export async function fetchSignedIn(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  if (new URL(request.url).pathname.startsWith(AUTH)) return sendInTurn(request);
  const sender = userId();
  for (let refusals = 0; ; refusals++) {
    if (state.kind === 'expired') await signedInAgain(request.signal);
    if (userId() !== sender) throw new DOMException('Somebody else is signed in now.', 'AbortError');
    const used = token;
    const answer = await send(withToken(request.clone(), used));
    if (answer.status !== 401 || used === null || refusals >= REFUSALS) return answer;
    if (token !== used) continue;
    const outcome = await refreshSession();
    if (outcome === 'unanswered') throw new TypeError('The service did not answer when asked for a new token.');
  }
}

/** Resolves when the session goes on, for whomever. */
function signedInAgain(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = () => {
      stopListening();
      signal.removeEventListener('abort', aborted);
    };
    const aborted = () => {
      over();
      reject(signal.reason as Error);
    };
    const stopListening = onSessionChange(() => {
      if (state.kind === 'expired') return;
      over();
      resolve();
    });
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted);
  });
}

async function send(request: Request): Promise<Response> {
  try {
    const answer = await fetch(request);
    answered();
    return answer;
  } catch (error) {
    if (!request.signal.aborted) unanswered();
    throw error;
  }
}

function withToken(request: Request, bearer: string | null): Request {
  if (bearer !== null) request.headers.set('Authorization', `Bearer ${bearer}`);
  return request;
}
