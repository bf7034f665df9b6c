import { differences, isJsonObject as isObject, sameJson as same, valueAt } from '@/ui/json-values.ts';

type Json = Readonly<Record<string, unknown>>;

/** A layer over what lies below: objects merge, anything else replaces. */
export function merged(below: Json, layer: Json): Json {
  const result: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(layer)) {
    const under = result[key];
    result[key] = isObject(value) && isObject(under) ? merged(under, value) : value;
  }
  return result;
}

/**
 * The tenant's own layer under which `edited` comes out. A value that is what lies below belongs to the layer only if it
 * did before. What lies below cannot be taken away: leaving it out means not to say anything of one's own.
 */
export function layerFor(below: Json, own: Json, edited: Json): Json {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(edited)) {
    const under = below[key];
    const mine = own[key];
    if (isObject(value) && isObject(under)) {
      const inner = layerFor(under, isObject(mine) ? mine : {}, value);
      if (Object.keys(inner).length > 0) result[key] = inner;
    } else if (!same(value, under) || (key in own && same(value, mine))) {
      result[key] = value;
    }
  }
  return result;
}

/** The JSON merge patch (RFC 7396) that makes `after` of `before`. */
export function patchOf(before: Json, after: Json): Json {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before)) if (!(key in after)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    if (same(old, value) && key in before) continue;
    patch[key] = isObject(value) && isObject(old) ? patchOf(old, value) : value;
  }
  return patch;
}

/** `target` after a JSON merge patch, as the service makes it: a null takes away what is at its key. */
function patched(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, patched(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** Why a config cannot become what was edited. */
export interface Unstorable {
  readonly pointer: string;
  /** `null`: a patch cannot say it. `below`: it is only from below, where it cannot be taken out. */
  readonly why: 'null' | 'below';
}

/**
 * Where the tenant's config would not come out as it was edited, when `own` is saved over `saved`. A value of its own
 * (`kept`) that is left out lets the one below come out, which is what leaving out means.
 */
export function unstorable(below: Json, saved: Json, kept: Json, edited: Json): readonly Unstorable[] {
  const own = layerFor(below, kept, edited);
  const nulls = differences(own, patched(saved, patchOf(saved, own))).map(({ pointer }) => pointer);
  const missing = differences(edited, merged(below, own))
    .filter(({ pointer, before }) => before === undefined && valueAt(kept, pointer) === undefined)
    .map(({ pointer }) => pointer);
  return [
    ...nulls.map((pointer) => ({ pointer, why: 'null' }) as const),
    ...missing.map((pointer) => ({ pointer, why: 'below' }) as const),
  ];
}

const steps = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The layer with the value at a place, or without it when that is undefined; objects that become empty go too. */
export function placed(layer: Json, pointer: string, value: unknown): Json {
  const [key, ...rest] = steps(pointer);
  if (key === undefined) return isObject(value) ? value : {};
  const { [key]: inner, ...others } = layer;
  if (rest.length === 0) return value === undefined ? others : { ...layer, [key]: value };
  const below = `/${rest.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
  const next = placed(isObject(inner) ? inner : {}, below, value);
  return Object.keys(next).length === 0 && value === undefined ? others : { ...layer, [key]: next };
}

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** All values that are no objects, by JSON pointer. */
export function leaves(value: Json, at = ''): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, inner] of Object.entries(value)) {
    const pointer = `${at}/${escaped(key)}`;
    if (isObject(inner) && Object.keys(inner).length > 0)
      for (const [deeper, leaf] of leaves(inner, pointer)) found.set(deeper, leaf);
    else found.set(pointer, inner);
  }
  return found;
}

export interface Choice {
  readonly pointer: string;
  readonly base: unknown;
  readonly theirs: unknown;
  readonly mine: unknown;
  /** Who changed it: one side alone, or both and differently. */
  readonly by: 'them' | 'me' | 'both';
}

/** Where two layers that come from one differ, key by key. */
export function choices(base: Json, theirs: Json, mine: Json): readonly Choice[] {
  const [was, them, me] = [leaves(base), leaves(theirs), leaves(mine)];
  return [...new Set([...was.keys(), ...them.keys(), ...me.keys()])]
    .sort()
    .filter((pointer) => !same(them.get(pointer), me.get(pointer)))
    .map((pointer) => {
      const one = { pointer, base: was.get(pointer), theirs: them.get(pointer), mine: me.get(pointer) };
      const by = same(one.base, one.mine) ? 'them' : same(one.base, one.theirs) ? 'me' : 'both';
      return { ...one, by };
    });
}

/** Their layer with mine where it was picked. */
export function picked(theirs: Json, all: readonly Choice[], isMine: (choice: Choice) => boolean): Json {
  return all.filter(isMine).reduce((layer, { pointer, mine }) => placed(layer, pointer, mine), theirs);
}
