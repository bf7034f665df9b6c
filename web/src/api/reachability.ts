/**
 * Whether the service answers, as far as this page knows: by what became of its requests, and by what the browser says of
 * the network. The browser may be wrong (a service on this very machine answers without any network), so whatever is
 * answered counts for more.
 */
export type Reachability = 'reachable' | 'away' | 'offline';

let isAnswering = true;
let known: Reachability = 'reachable';
const listeners = new Set<() => void>();

function look(): void {
  const now = isAnswering ? 'reachable' : navigator.onLine ? 'away' : 'offline';
  if (now === known) return;
  known = now;
  for (const listener of listeners) listener();
}

export const reachability = (): Reachability => known;

export function onReachabilityChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Something was answered, be it a refusal. */
export function answered(): void {
  isAnswering = true;
  look();
}

/** A request got no answer. */
export function unanswered(): void {
  isAnswering = false;
  look();
}

// For as long as the page lives. That the network is back is a promise: the next request tells.
window.addEventListener('offline', unanswered);
window.addEventListener('online', answered);
