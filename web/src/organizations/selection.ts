/** The tenants chosen for one action: some of them by id, or all that the filter finds. */
export type Selection =
  | { readonly kind: 'some'; readonly ids: ReadonlySet<string> }
  | { readonly kind: 'all'; readonly count: number | null };

export const NOTHING: Selection = { kind: 'some', ids: new Set() };

/** So many ids fit into one bulk operation. */
export const MOST_IDS = 10_000;

export function isEmpty(selection: Selection): boolean {
  return selection.kind === 'some' && selection.ids.size === 0;
}

export function holds(selection: Selection, id: string): boolean {
  return selection.kind === 'all' || selection.ids.has(id);
}

/** Switches one tenant. Out of "all", the others that are read stay chosen. */
export function switched(selection: Selection, id: string, read: readonly string[]): Selection {
  const ids = new Set(selection.kind === 'all' ? read : selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { kind: 'some', ids };
}

/** Chooses or unchooses all of these together. */
export function together(selection: Selection, ids: readonly string[], on: boolean): Selection {
  if (!on) return NOTHING;
  const before = selection.kind === 'some' ? selection.ids : new Set<string>();
  return { kind: 'some', ids: new Set([...before, ...ids].slice(0, MOST_IDS)) };
}
