export interface Visited {
  readonly id: string;
  readonly label: string;
  readonly to: string;
}

const KEY = 'modplane-recent';
const KEPT = 6;

/** The things opened last, newest first; names only, nothing that is not on screen anyway. */
export function recentlyVisited(): readonly Visited[] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    return Array.isArray(stored) ? (stored as Visited[]) : [];
  } catch {
    return [];
  }
}

export function visit(one: Visited): void {
  const others = recentlyVisited().filter((other) => other.id !== one.id);
  try {
    sessionStorage.setItem(KEY, JSON.stringify([one, ...others].slice(0, KEPT)));
  } catch {
    // Storage may be forbidden; nothing depends on it.
  }
}
