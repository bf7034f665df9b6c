import { isJsonObject, sameJson } from '@/ui/json-values.ts';

const isSame = (one: unknown, other: unknown) =>
  one === undefined || other === undefined ? one === other : sameJson(one, other);

/**
 * `value` with what a person changed, from `before` to `after`. Whatever a form makes up by itself is in both of them,
 * and so does not get in; whatever nobody touched stays as it is written.
 */
export function edited(value: unknown, before: unknown, after: unknown): unknown {
  if (isSame(before, after)) return value;
  if (isJsonObject(after)) return object(value, before, after);
  if (Array.isArray(after)) return list(value, before, after);
  return after;
}

function object(value: unknown, before: unknown, after: Readonly<Record<string, unknown>>): unknown {
  const was = isJsonObject(before) ? before : {};
  const kept = isJsonObject(value) ? value : {};
  const keys = new Set([...Object.keys(kept), ...Object.keys(after)]);
  const entries = [...keys].map((key) => [key, edited(kept[key], was[key], after[key])] as const);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}

/** Items that moved are found again by what they are. One that is nothing yet is null, as JSON has no gaps. */
function list(value: unknown, before: unknown, after: readonly unknown[]): unknown {
  const was: readonly unknown[] = Array.isArray(before) ? before : [];
  const kept: readonly unknown[] = Array.isArray(value) ? value : [];
  return after.map((item, place) => {
    const from = isSame(was[place], item) ? place : was.findIndex((one) => isSame(one, item));
    const now = from < 0 ? edited(kept[place], was[place], item) : kept[from];
    return now === undefined ? (item ?? null) : now;
  });
}
